/**
 * Rows that streams and live sums with a filter have not checked yet. All share one copy of them, in which each has its
 * own position. They take turns by what their checks have cost so far, so that one with a cheap filter does not wait for
 * those with costly ones, and none starves.
 */

import type { RecordPredicate } from '@packetlog/common';
import { CAN_WAIT_MS, type Run } from './work-queue.ts';

/** Memory for waiting rows. When it is full, all of them are checked at once: none is lost. */
const WAITING_BYTES = 512 * 1024;
/** Estimated cost of the checks in one piece of work, ns. */
const PIECE_NS = 100e3;

/** What checks rows against a filter: a stream, or live sums. */
export interface RowChecker {
  /** Rows that wait for the check. */
  unchecked: number;
  /** The clients that share it. */
  readonly followers: { readonly size: number };
  /** Checks rows. `bytes` begins with `count` records, only read during the call; `skipped` is 0. */
  add(bytes: Uint8Array, count: number, skipped: number): void;
  /** Counts rows that passed and are not checked. */
  withhold(count: number): void;
  /** Takes effect with the next `add`. */
  setFilter(matches: RecordPredicate): void;
}

/** Rows from index `from` up to `to` that a checker does not check. */
interface Gap {
  readonly from: number;
  to: number;
}

interface Reader {
  readonly stream: RowChecker;
  /** Cost per record, ns. */
  readonly costNs: number;
  /** Index of the next row to check. */
  next: number;
  /** Rows withheld from it, oldest first. */
  gaps: Gap[];
  /** What to do when all rows before an index are checked, in order. */
  marks: { readonly at: number; readonly act: () => void }[];
  /** Cost of its checks for each of its clients, ns; grows by at least what the others have had while it waited. */
  cost: number;
}

export class WaitingRows {
  readonly #stride: number;
  readonly #capacity: number;
  readonly #run: Run;
  #bytes: Uint8Array | undefined;
  #count = 0;
  /** The least costly first. */
  #readers: Reader[] = [];
  /** The `cost` of the reader whose turn was the last. */
  #cost = 0;
  #isRequested = false;

  constructor(stride: number, run: Run) {
    this.#stride = stride;
    this.#capacity = Math.floor(WAITING_BYTES / stride);
    this.#run = run;
  }

  /** The rows that are added from now on also wait for `stream`. `costNs`: estimated cost of checking a record. */
  open(stream: RowChecker, costNs: number): void {
    const reader = { stream, costNs, next: this.#count, gaps: [], marks: [], cost: this.#cost };
    this.#readers = [...this.#readers, reader].sort((a, b) => a.costNs - b.costNs);
  }

  close(stream: RowChecker): void {
    this.#readers = this.#readers.filter((reader) => reader.stream !== stream);
  }

  /**
   * Adds rows. `bytes` begins with `count` records, only read during the call. `affordable` returns how many of the
   * records a stream may check, given the cost of one; the others are withheld from it.
   */
  add(bytes: Uint8Array, count: number, affordable: (count: number, costNs: number) => number): void {
    if (this.#readers.length === 0) return;
    for (let done = 0; done < count; ) {
      if (this.#count === this.#capacity) this.finish();
      const fits = Math.min(count - done, this.#capacity - this.#count);
      this.#append(bytes.subarray(done * this.#stride, (done + fits) * this.#stride), fits, affordable);
      done += fits;
    }
    this.#request();
  }

  /** Counts rows that passed and were not copied. */
  skip(count: number): void {
    if (count > 0) for (const { stream } of this.#readers) stream.withhold(count);
  }

  /** Calls `act` once `stream` has checked the rows that were added before now; never, if it is closed before. */
  afterChecks(stream: RowChecker, act: () => void): void {
    const reader = this.#readers.find((each) => each.stream === stream);
    if (reader === undefined) return;
    if (reader.next === this.#count) act();
    else reader.marks.push({ at: this.#count, act });
  }

  /** Checks all rows that wait: for `stream`, or for all streams. */
  finish(stream?: RowChecker): void {
    for (const reader of this.#readers) {
      if (stream !== undefined && reader.stream !== stream) continue;
      while (reader.next < this.#count) this.#check(reader, this.#count);
    }
    this.#empty();
  }

  #append(bytes: Uint8Array, count: number, affordable: (count: number, costNs: number) => number): void {
    const from = this.#count;
    const to = from + count;
    this.#bytes ??= new Uint8Array(this.#capacity * this.#stride);
    this.#bytes.set(bytes, from * this.#stride);
    this.#count = to;
    for (const reader of this.#readers) {
      if (reader.next === from) reader.cost = Math.max(reader.cost, this.#cost);
      const checked = affordable(count, reader.costNs);
      reader.stream.unchecked += checked;
      if (checked === count) continue;
      reader.stream.withhold(count - checked);
      const last = reader.gaps.at(-1);
      if (checked === 0 && last?.to === from) last.to = to;
      else reader.gaps.push({ from: from + checked, to });
    }
  }

  #request(): void {
    if (this.#isRequested || this.#count === 0) return;
    this.#isRequested = true;
    this.#run(this.#checkSome, CAN_WAIT_MS);
  }

  readonly #checkSome = () => {
    this.#isRequested = false;
    for (let ns = 0; ns < PIECE_NS; ) {
      const reader = this.#nextInTurn();
      if (reader === undefined) break;
      this.#cost = reader.cost;
      ns += this.#check(reader, reader.next + Math.ceil((PIECE_NS - ns) / reader.costNs));
    }
    this.#empty();
    this.#request();
  };

  /** Returns the reader that has cost least, of those with rows to check. */
  #nextInTurn(): Reader | undefined {
    let first: Reader | undefined;
    for (const reader of this.#readers) {
      if (reader.next < this.#count && (first === undefined || reader.cost < first.cost)) first = reader;
    }
    return first;
  }

  /** Checks rows up to index `limit`, the next gap or the next mark; returns the cost, ns. */
  #check(reader: Reader, limit: number): number {
    const { stream, costNs, gaps, marks, next } = reader;
    const [gap] = gaps;
    const end = Math.min(limit, this.#count, gap?.from ?? this.#count, marks[0]?.at ?? this.#count);
    stream.unchecked -= end - next;
    if (end > next) stream.add((this.#bytes as Uint8Array).subarray(next * this.#stride), end - next, 0);
    reader.next = end;
    if (end === gap?.from) {
      reader.next = gap.to;
      gaps.shift();
    }
    while (marks[0] !== undefined && marks[0].at <= reader.next) marks.shift()?.act();
    const ns = (end - next) * costNs;
    reader.cost += ns / Math.max(1, stream.followers.size);
    return ns;
  }

  /** Reuses the memory once all rows are checked. */
  #empty(): void {
    if (this.#readers.some(({ next }) => next < this.#count)) return;
    this.#count = 0;
    for (const reader of this.#readers) reader.next = 0;
  }
}
