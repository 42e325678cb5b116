/** Copies records from the ring into slabs and passes the slabs to a consumer: the main thread or the server process. */
import { SLAB_BYTES, type SlabPool } from '../../ipc/slabs.ts';
import { RowBudget } from '../../token-bucket.ts';
import { sortByTime } from './sort-by-time.ts';

export interface SlabWriterCounts {
  offered: number;
  /** Passed to the consumer. */
  delivered: number;
  /** Lost: the consumer held every slab. */
  dropped: number;
  /** Withheld: over the limit of rows per second. */
  withheld: number;
}

export class SlabWriter {
  readonly counts: SlabWriterCounts = { offered: 0, delivered: 0, dropped: 0, withheld: 0 };
  readonly #slabs: SlabPool;
  readonly #stride: number;
  readonly #recordOffset: number;
  readonly #post: (slab: number, count: number, skipped: number) => boolean;
  readonly #postSkipped: (skipped: number) => void;
  readonly #now: () => number;
  readonly #budget: RowBudget;
  #toLose: number;
  #slab: number | undefined;
  #records = 0;
  #skipped = 0;
  #lastPosted: number | undefined;

  constructor(options: {
    slabs: SlabPool;
    stride: number;
    recordOffset: number;
    rowsPerSecond: number;
    now: () => number;
    /** Number of records to lose at the start, to show what an alarm looks like. */
    simulateLoss?: number;
    /** Passes a slab on; returns false if that is not possible: its records are lost. */
    post: (slab: number, count: number, skipped: number) => boolean;
    postSkipped: (skipped: number) => void;
  }) {
    this.#slabs = options.slabs;
    this.#stride = options.stride;
    this.#recordOffset = options.recordOffset;
    this.#now = options.now;
    this.#toLose = options.simulateLoss ?? 0;
    this.#post = options.post;
    this.#postSkipped = options.postSkipped;
    this.#budget = new RowBudget(options.rowsPerSecond, options.now());
  }

  want(rowsPerSecond: number): void {
    this.#budget.change(rowsPerSecond);
  }

  /** Returns the bytes that free slabs have room for. */
  room(): number {
    return this.#slabs.free() * SLAB_BYTES;
  }

  /** Records in a slab that was not passed to the consumer yet. */
  get pending(): number {
    return this.#records;
  }

  add(memory: Uint8Array, start: number, count: number): void {
    const lost = Math.min(count, this.#toLose);
    this.#toLose -= lost;
    this.counts.dropped += lost;
    this.counts.offered += count;
    this.#offer(memory, start + lost * this.#stride, count - lost);
  }

  #offer(memory: Uint8Array, start: number, count: number): void {
    const wanted = this.#budget.take(count, this.#now());
    this.counts.withheld += count - wanted;
    this.#skipped += count - wanted;
    if (wanted === count) this.#copy(memory, start, count);
    else this.#copySpread(memory, start, count, wanted);
  }

  /**
   * Passes the slab on if the consumer keeps up, so that slow serving makes fuller slabs, not more of them. `force`:
   * passes it on in any case.
   */
  flush(force: boolean): void {
    if (this.#records === 0) {
      if (this.#skipped > 0 && force) this.#postSkipped(this.takeSkipped());
      return;
    }
    if (force || this.#slabs.keepsUp(this.#lastPosted)) this.#pass();
  }

  /** Gives up what was not passed on, and `unread` records that were: the consumer has ended. */
  abandon(unread: number): void {
    this.counts.delivered -= unread;
    this.counts.dropped += unread + this.#records;
    this.#slab = undefined;
    this.#records = 0;
    this.#skipped = 0;
    this.#lastPosted = undefined;
  }

  /** Returns and resets the count of withheld records that was not reported to the consumer. */
  takeSkipped(): number {
    const skipped = this.#skipped;
    this.#skipped = 0;
    return skipped;
  }

  /** Copies records from the kernel's memory to ours; this is the only copy. */
  #copy(memory: Uint8Array, start: number, count: number): void {
    let done = 0;
    while (done < count) {
      const slab = this.#current();
      if (slab === undefined) {
        this.counts.dropped += count - done;
        return;
      }
      const used = this.#records * this.#stride;
      const fits = Math.min(count - done, Math.floor((SLAB_BYTES - used) / this.#stride));
      const from = start + done * this.#stride;
      this.#slabs.bytes(slab).set(memory.subarray(from, from + fits * this.#stride), used);
      this.#records += fits;
      done += fits;
    }
  }

  /** Copies some of the records, evenly spread, so that a flood does not hide what is rare. */
  #copySpread(memory: Uint8Array, start: number, count: number, wanted: number): void {
    for (let i = 0; i < wanted; i++) {
      this.#copy(memory, start + Math.floor((i * count) / wanted) * this.#stride, 1);
    }
  }

  #current(): number | undefined {
    if (this.#slab !== undefined && (this.#records + 1) * this.#stride > SLAB_BYTES) this.#pass();
    this.#slab ??= this.#slabs.take();
    // The serving thread returned this slab, and it is in use here again.
    if (this.#slab === this.#lastPosted) this.#lastPosted = undefined;
    return this.#slab;
  }

  #pass(): void {
    if (this.#slab === undefined) return;
    sortByTime(this.#slabs.bytes(this.#slab), this.#records, this.#stride, this.#recordOffset);
    const isPassed = this.#post(this.#slab, this.#records, this.takeSkipped());
    this.counts[isPassed ? 'delivered' : 'dropped'] += this.#records;
    this.#lastPosted = this.#slab;
    this.#slab = undefined;
    this.#records = 0;
  }
}
