/** Collects rows for all clients with the same subscription: they are filtered, collected and encoded once. */
import type { RecordPredicate } from '@packetlog/common';
import { RowBudget } from '../../token-bucket.ts';
import type { BufferPool, PooledBuffer } from './buffer-pool.ts';
import { type RecordLayout, type RowBatch, rowBatch } from './frames.ts';
import { CAN_WAIT_MS, type Run } from './work-queue.ts';

/** A batch is sent at this size, or when enough time has passed since the last one. */
const BATCH_BYTES = 64 * 1024;
/** A timer takes a millisecond or more: a batch due sooner is sent at once. */
const SOON_MS = 0.5;

export interface StreamClock {
  now: () => number;
  after: (ms: number, action: () => void) => void;
}

/** Shared by all streams. */
export interface StreamContext {
  readonly clock: StreamClock;
  readonly layout: RecordLayout;
  /** Minimum time between two batches, whatever interval the clients request. */
  readonly minBatchMs: (isFiltered: boolean) => number;
  readonly clockOffsetNs: () => bigint;
  readonly memory: BufferPool;
  readonly run: Run;
}

/** What a source has counted since it began. A follower subtracts the totals at the time it joined. */
export interface SourceTotals {
  batches: number;
  rows: number;
  withheld: number;
  filtered: number;
}

export interface Follower {
  /** Delivers `batch`. Its rows are already in the totals, the batch itself is not. */
  deliver: (batch: RowBatch) => void;
}

/** What a client can follow: a stream of rows, or no rows. */
export interface RowSource {
  readonly totals: Readonly<SourceTotals>;
  /** Buffered rows that are in no batch yet. */
  readonly pending: number;
  /** Rows that wait for the filter: not in the totals yet, and none while a client joins or leaves. */
  readonly unchecked: number;
  readonly followers: Set<Follower>;
  /** How long a batch may wait for the work of other clients, ms. */
  readonly mayWaitMs: number;
  /** Returns the buffered rows from index `first` on as a batch for one client, or undefined if there are none. */
  pendingFrom: (first: number) => RowBatch | undefined;
}

/** Returns the rows of a batch from index `first` on. */
export function restOf({ records, pooled }: RowBatch, first: number, context: StreamContext): RowBatch {
  const { layout } = context;
  return rowBatch(records.subarray(first * layout.stride), layout, context.clockOffsetNs(), pooled);
}

/** Counts every row as withheld, for clients that are paused or want no rows. */
export class NoRows implements RowSource {
  readonly totals: SourceTotals = { batches: 0, rows: 0, withheld: 0, filtered: 0 };
  readonly pending = 0;
  readonly unchecked = 0;
  readonly mayWaitMs = 0;
  readonly followers = new Set<Follower>();

  add(count: number): void {
    this.totals.withheld += count;
  }

  pendingFrom(): undefined {
    return undefined;
  }
}

/** Offsets of the records that match a filter; valid within one call. */
let wantedAt = new Uint32Array(4096);

export class RowStream implements RowSource {
  readonly totals: SourceTotals = { batches: 0, rows: 0, withheld: 0, filtered: 0 };
  readonly followers = new Set<Follower>();
  unchecked = 0;
  readonly #context: StreamContext;
  readonly #stride: number;
  readonly #capacity: number;
  readonly #budget: RowBudget;
  readonly #batchMs: number;
  #matches: RecordPredicate | undefined;
  /** Buffer for the rows of the next batch. */
  #frame: PooledBuffer | undefined;
  #records = 0;
  #lastFlush = Number.NEGATIVE_INFINITY;
  #timer = false;

  constructor(
    context: StreamContext,
    wanted: { rowsPerSecond: number; batchMs: number; matches?: RecordPredicate | undefined },
  ) {
    this.#context = context;
    this.#stride = context.layout.stride;
    this.#capacity = Math.floor(BATCH_BYTES / this.#stride);
    this.#budget = new RowBudget(wanted.rowsPerSecond, context.clock.now());
    this.#batchMs = wanted.batchMs;
    this.#matches = wanted.matches;
  }

  get pending(): number {
    return this.#records;
  }

  get isFiltered(): boolean {
    return this.#matches !== undefined;
  }

  /** Time between two batches. */
  get batchMs(): number {
    return Math.max(this.#batchMs, this.#context.minBatchMs(this.isFiltered));
  }

  get mayWaitMs(): number {
    return this.isFiltered ? this.batchMs + CAN_WAIT_MS : this.batchMs;
  }

  /** Takes effect with the next `add`. */
  setFilter(matches: RecordPredicate): void {
    this.#matches = matches;
  }

  /** Adds rows. `bytes` begins with `count` records; `skipped` more passed and were not copied. */
  add(bytes: Uint8Array, count: number, skipped: number): void {
    this.withhold(skipped);
    if (this.#matches) this.#addMatching(bytes, count, this.#matches);
    else this.#addAny(bytes, count);
    this.#flushSoon();
  }

  /** Counts rows that passed and that this stream does not get. */
  withhold(count: number): void {
    this.totals.withheld += count;
  }

  flush(): void {
    const { layout, clock, clockOffsetNs } = this.#context;
    const bytes = this.#records * this.#stride;
    const pooled = this.#take(bytes);
    if (pooled === undefined) return;
    this.#lastFlush = clock.now();
    const batch = rowBatch(pooled.buffer.subarray(0, bytes), layout, clockOffsetNs(), pooled);
    this.totals.rows += batch.count;
    for (const follower of this.followers) follower.deliver(batch);
    this.totals.batches++;
    pooled.release();
    this.#rotate();
  }

  pendingFrom(first: number): RowBatch | undefined {
    if (this.#frame === undefined || first >= this.#records) return undefined;
    const records = Buffer.from(this.#frame.buffer.subarray(first * this.#stride, this.#records * this.#stride));
    return rowBatch(records, this.#context.layout, this.#context.clockOffsetNs());
  }

  /** Makes the follower that was served first the last one, so that none is always last. */
  #rotate(): void {
    if (this.followers.size < 2) return;
    const [first] = this.followers;
    if (first === undefined) return;
    this.followers.delete(first);
    this.followers.add(first);
  }

  #addAny(bytes: Uint8Array, count: number): void {
    const wanted = this.#budget.take(count, this.#context.clock.now());
    this.totals.withheld += count - wanted;
    if (wanted === count) this.#copy(bytes, 0, count);
    // Spread evenly, so that a flood does not hide rare packets.
    else for (let i = 0; i < wanted; i++) this.#copy(bytes, Math.floor((i * count) / wanted) * this.#stride, 1);
  }

  #addMatching(bytes: Uint8Array, count: number, matches: RecordPredicate): void {
    const { recordOffset } = this.#context.layout;
    const stride = this.#stride;
    if (wantedAt.length < count) wantedAt = new Uint32Array(count);
    let found = 0;
    for (let at = 0; at < count * stride; at += stride) {
      if (matches(bytes, at + recordOffset)) wantedAt[found++] = at;
    }
    const wanted = this.#budget.take(found, this.#context.clock.now());
    this.totals.filtered += count - found;
    this.totals.withheld += found - wanted;
    if (wanted === count) this.#copy(bytes, 0, count);
    else for (let i = 0; i < wanted; i++) this.#copy(bytes, wantedAt[Math.floor((i * found) / wanted)] as number, 1);
  }

  /** Copies `count` consecutive records that begin at byte `start`. */
  #copy(bytes: Uint8Array, start: number, count: number): void {
    const stride = this.#stride;
    for (let done = 0; done < count; ) {
      this.#frame ??= this.#context.memory.acquire(BATCH_BYTES);
      const fits = Math.min(count - done, this.#capacity - this.#records);
      const from = start + done * stride;
      this.#frame.buffer.set(bytes.subarray(from, from + fits * stride), this.#records * stride);
      this.#records += fits;
      done += fits;
      if (this.#records === this.#capacity) this.flush();
    }
  }

  /** Returns the buffered records in memory of their own, which send queues retain until they are sent. */
  #take(bytes: number): PooledBuffer | undefined {
    const frame = this.#frame;
    this.#records = 0;
    if (frame === undefined || bytes === 0) return undefined;
    if (bytes * 2 > BATCH_BYTES) {
      this.#frame = undefined;
      return frame;
    }
    // A small batch must not retain a large buffer: copy it, and keep using the frame.
    const own = this.#context.memory.acquire(bytes);
    own.buffer.set(frame.buffer.subarray(0, bytes));
    return own;
  }

  /** Flushes at once if the last batch is old enough, otherwise when it is. */
  #flushSoon(): void {
    if (this.#records === 0) return;
    const wait = this.#lastFlush + this.batchMs - this.#context.clock.now();
    if (wait < SOON_MS) {
      this.flush();
      return;
    }
    if (this.#timer) return;
    this.#timer = true;
    this.#context.clock.after(wait, () => {
      // The timers of many streams end at the same moment.
      this.#context.run(() => {
        this.#timer = false;
        this.flush();
      }, this.mayWaitMs);
    });
  }
}
