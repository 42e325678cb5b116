/** Reads rows that the drain thread passes to this process: marks from a pipe, records from slabs. */
import { fstatSync, readSync, writeSync } from 'node:fs';
import { AFTER_SLABS_BYTES, decodeMark, MARK_BYTES } from '../../ipc/row-marks.ts';
import { SLAB_BYTES } from '../../ipc/slabs.ts';
import type { RecordShape } from '../server.ts';
import type { ReadNow } from './read-pipe.ts';

/** How long rows wait for the report that precedes them: it arrives over the channel, which is a little slower. */
const REPORT_WAIT_MS = 100;
const NUMBER_BYTES = 4;
/** Slabs that are released with one write. */
const MAX_NUMBERS = 8;
const NOTHING = new Uint8Array(0);

export interface RowEvents {
  /** `bytes` begins with `count` records and is reused after the call; `skipped` more were withheld. */
  rows(bytes: Uint8Array, count: number, skipped: number): void;
  /** The oldest unanswered request for rows takes effect; `skipped` rows passed before. */
  rowsWanted(skipped: number): void;
  setClockOffset(ns: bigint): void;
  /** No more rows follow. */
  ended(): void;
}

export interface RowSource {
  /** Calls `received` for the bytes of the pipe of marks, which are valid only during the call. */
  readonly marks: (received: (bytes: Uint8Array) => void) => ReadNow;
  /** Descriptor of the slabs' memory, which is read with pread(2). */
  readonly slabs: number;
  /** Descriptor that takes the numbers of slabs that were read. */
  readonly released: number;
}

export class RowReader {
  readonly #source: RowSource;
  readonly #events: RowEvents;
  readonly #slab = Buffer.alloc(SLAB_BYTES);
  readonly #numbers = Buffer.alloc(MAX_NUMBERS * NUMBER_BYTES);
  /** Slabs in `#numbers`: read, and not released yet. */
  #unreleased = 0;
  #shape: RecordShape | undefined;
  /** Number of bytes that the core wrote to the pipe, and its place in the slabs' memory. */
  readonly #written = Buffer.alloc(4);
  readonly #writtenAt: number;
  /** Number of bytes that were read from the pipe, modulo 2^32. */
  #received = 0;
  readonly #readNow: ReadNow;
  /** Rows or a report are being passed on, and none may overtake them. */
  #isHandling = false;
  /** Bytes that wait: for the rest of a mark, or for a report. */
  #waiting: Uint8Array = NOTHING;
  /** Reports that wait for their mark, by number, oldest first. */
  readonly #reports = new Map<number, () => void>();
  /** Number of the report that rows wait for. */
  #waitsFor: { readonly number: number; readonly timer: NodeJS.Timeout } | undefined;

  constructor(source: RowSource, events: RowEvents) {
    this.#source = source;
    this.#events = events;
    this.#writtenAt = fstatSync(source.slabs).size - AFTER_SLABS_BYTES;
    this.#readNow = source.marks((bytes) => {
      this.#received = (this.#received + bytes.byteLength) >>> 0;
      this.#handleMarks(this.#waiting.byteLength === 0 ? bytes : Buffer.concat([this.#waiting, bytes]));
    });
  }

  /** Sets the layout of the records; call it before the first rows are requested. */
  start(shape: RecordShape): void {
    this.#shape = shape;
  }

  /** Handles rows that have arrived, though the event loop has not come to them yet. Returns whether there were any. */
  poll(): boolean {
    if (this.#isHandling || this.#waitsFor !== undefined) return false;
    readSync(this.#source.slabs, this.#written, 0, 4, this.#writtenAt);
    if (this.#written.readUInt32LE() === this.#received) return false;
    const before = this.#received;
    this.#readNow();
    return this.#received !== before;
  }

  /** Calls `apply` once all rows before this report were passed on, and none after it. */
  report(number: number, apply: () => void): void {
    this.#reports.set(number, apply);
    // A mark is missing if the pipe was full when it was due.
    while (this.#reports.size > 1 && this.#waitsFor === undefined) this.#applyUpTo(Math.min(...this.#reports.keys()));
    if (this.#waitsFor !== undefined && number >= this.#waitsFor.number) this.#continue();
  }

  /** Handles the marks in `input`, and keeps a copy of what has to wait. */
  #handleMarks(input: Uint8Array): void {
    this.#isHandling = true;
    let at = 0;
    while (this.#waitsFor === undefined && at + MARK_BYTES <= input.byteLength) {
      const mark = decodeMark(input, at);
      at += MARK_BYTES;
      switch (mark.kind) {
        case 'rows':
          this.#read(mark.slab, mark.count, mark.skipped);
          break;
        case 'skipped':
          this.#events.rows(this.#slab, 0, mark.skipped);
          break;
        case 'rowsWanted':
          this.#events.rowsWanted(mark.skipped);
          break;
        case 'clock':
          this.#events.setClockOffset(mark.offsetNs);
          break;
        case 'report':
          this.#reached(mark.number);
          break;
        case 'end':
          this.#events.ended();
      }
    }
    this.#isHandling = false;
    this.#release();
    this.#waiting = at === input.byteLength ? NOTHING : new Uint8Array(input.subarray(at));
  }

  #read(slab: number, count: number, skipped: number): void {
    const bytes = count * (this.#shape?.stride ?? 0);
    readSync(this.#source.slabs, this.#slab, 0, bytes, slab * SLAB_BYTES);
    this.#numbers.writeUInt32LE(slab, this.#unreleased * NUMBER_BYTES);
    this.#unreleased++;
    if (this.#unreleased === MAX_NUMBERS) this.#release();
    this.#events.rows(this.#slab, count, skipped);
  }

  #release(): void {
    if (this.#unreleased === 0) return;
    writeSync(this.#source.released, this.#numbers, 0, this.#unreleased * NUMBER_BYTES);
    this.#unreleased = 0;
  }

  #reached(number: number): void {
    if (this.#reports.has(number)) {
      this.#applyUpTo(number);
      return;
    }
    this.#waitsFor = { number, timer: setTimeout(() => this.#continue(), REPORT_WAIT_MS) };
  }

  #continue(): void {
    if (this.#waitsFor === undefined) return;
    clearTimeout(this.#waitsFor.timer);
    const { number } = this.#waitsFor;
    this.#waitsFor = undefined;
    this.#applyUpTo(number);
    this.#handleMarks(this.#waiting);
  }

  #applyUpTo(number: number): void {
    const wasHandling = this.#isHandling;
    this.#isHandling = true;
    for (const [each, apply] of this.#reports) {
      if (each > number) break;
      this.#reports.delete(each);
      apply();
    }
    this.#isHandling = wasHandling;
  }
}
