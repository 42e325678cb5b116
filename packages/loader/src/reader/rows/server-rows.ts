/** Passes records and marks to the server process; counts what it cannot pass while there is no server, or a slow one. */
import { writeSync } from 'node:fs';
import type { PipeEnds } from '../../ipc/messages.ts';
import { encodeMark, MARK_BYTES, type RowMark } from '../../ipc/row-marks.ts';
import type { ServerSlabs } from './server-slabs.ts';
import { SlabWriter, type SlabWriterCounts } from './slab-writer.ts';

export class ServerRows {
  readonly #slabs: ServerSlabs;
  readonly #writer: SlabWriter;
  readonly #read: (fd: number, into: Uint8Array) => number;
  readonly #close: (fd: number) => void;
  readonly #blocked: () => void;
  #ends: PipeEnds | undefined;
  /** Reused for each mark. */
  readonly #encoded = new Uint8Array(MARK_BYTES);
  #reports = 0;

  constructor(options: {
    slabs: ServerSlabs;
    stride: number;
    recordOffset: number;
    /** Number of records to lose at the start, to show what an alarm looks like. */
    simulateLoss?: number;
    now: () => number;
    /** Reads what waits in a pipe, without blocking. */
    read: (fd: number, into: Uint8Array) => number;
    close: (fd: number) => void;
    /** The pipe is full: the server does not read, and has to be replaced. */
    blocked: () => void;
  }) {
    this.#blocked = options.blocked;
    this.#close = options.close;
    this.#slabs = options.slabs;
    this.#read = options.read;
    this.#writer = new SlabWriter({
      ...options,
      rowsPerSecond: 0,
      post: (slab, count, skipped) => {
        this.#slabs.pass(slab, count);
        const isPassed = this.#mark({ kind: 'rows', slab, count, skipped });
        if (!isPassed) this.#slabs.withdraw(slab);
        return isPassed;
      },
      postSkipped: (skipped) => this.#mark({ kind: 'skipped', skipped }),
    });
  }

  get counts(): Readonly<SlabWriterCounts> {
    return this.#writer.counts;
  }

  /** Records that were not passed on yet. */
  get pending(): number {
    return this.#writer.pending;
  }

  /** Returns the bytes that free slabs have room for; Infinity without a server, which is not waited for. */
  room(): number {
    return this.#ends === undefined ? Number.POSITIVE_INFINITY : this.#writer.room();
  }

  add(memory: Uint8Array, start: number, count: number): void {
    this.#writer.add(memory, start, count);
  }

  flush(force: boolean): void {
    if (this.#ends !== undefined) this.#writer.flush(force);
  }

  /** A server has started; it wants no rows yet. Takes over both descriptors. */
  connect(ends: PipeEnds): void {
    this.disconnect();
    this.#ends = ends;
    this.#slabs.connect((into) => this.#read(ends.released, into));
  }

  /** The server has ended: what it did not read is lost. */
  disconnect(): void {
    if (this.#ends === undefined) return;
    this.#writer.abandon(this.#slabs.disconnect());
    this.#writer.want(0);
    this.#close(this.#ends.marks);
    this.#close(this.#ends.released);
    this.#ends = undefined;
  }

  /** Sets how many rows per second pass from here on, and marks the place. */
  want(perSecond: number): void {
    if (this.#ends === undefined) return;
    this.#writer.flush(true);
    this.#mark({ kind: 'rowsWanted', skipped: this.#writer.takeSkipped() });
    this.#writer.want(perSecond);
  }

  clock(offsetNs: bigint): void {
    this.#mark({ kind: 'clock', offsetNs });
  }

  /** Marks that the next report covers the rows up to here. Returns the report's number. */
  report(): number {
    const number = ++this.#reports;
    this.#mark({ kind: 'report', number });
    return number;
  }

  /** Marks that no more rows follow. */
  end(): void {
    this.flush(true);
    this.#mark({ kind: 'end' });
  }

  /** Returns false if there is no server, or if it does not read. */
  #mark(mark: RowMark): boolean {
    if (this.#ends === undefined) return false;
    try {
      this.#slabs.marked(writeSync(this.#ends.marks, encodeMark(mark, this.#encoded)));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') this.#blocked();
      return false;
    }
  }
}
