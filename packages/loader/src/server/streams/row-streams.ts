/** The streams that clients follow: clients with the same subscription share one. */
import { compileFilter, EVERYTHING, type Filter, filterKey, filterTests, interfacesNamed } from '@packetlog/common';
import { InterfaceNames } from '../../ipc/interface-table.ts';
import { BufferPool } from './buffer-pool.ts';
import type { ClientStream } from './client-stream.ts';
import type { RecordLayout } from './frames.ts';
import { NoRows, type RowSource, RowStream, type StreamClock, type StreamContext } from './row-stream.ts';
import { type RowChecker, WaitingRows } from './waiting-rows.ts';
import type { Run } from './work-queue.ts';

/**
 * Deliveries per second to all clients together. Clients with a filter, each of which may have another one, and those
 * without get at least half of them each, as far as they can use it: many of the one kind do not delay the other.
 */
const DELIVERIES_PER_SECOND = 5000;
/** Deliveries per second that one client can use. */
const MAX_PER_CLIENT = 1000;
/** A batch interval this short counts as low latency. */
const LOW_LATENCY_BATCH_MS = 1;

export interface Subscription {
  readonly rowsPerSecond: number;
  /** Rows that arrive closer together than this share a batch. */
  readonly batchMs: number;
  /** Undefined: all rows. */
  readonly filter: Filter | undefined;
}

interface Followed {
  readonly stream: RowStream;
  readonly filter: Filter | undefined;
}

/** Returns a key; subscriptions with the same key follow the same stream. */
export function streamKey(subscription: Subscription): string {
  const cached = keys.get(subscription);
  if (cached !== undefined) return cached;
  const { rowsPerSecond, batchMs, filter } = subscription;
  const key = `${rowsPerSecond} ${batchMs} ${filterKey(filter ?? EVERYTHING)}`;
  keys.set(subscription, key);
  return key;
}

const keys = new WeakMap<Subscription, string>();

/**
 * Part of this thread's time that all filters together may take. Beyond it, rows are withheld from streams with a
 * filter, and counted as withheld: from the costliest filter first. The other streams are not affected.
 */
const FILTERING_SHARE = 0.2;
/** Filtering that may wait at once, ns. */
const FILTERING_AT_ONCE_NS = 10e6;
/** Cost of a record, and of each test of a filter, ns; estimates, so that a busy machine withholds no more rows. */
const RECORD_NS = 8;
const TEST_NS = 13;
/** Cost of adding a record to live sums, ns; for all records, as any may match. */
const SUM_NS = 60;

export class RowStreams {
  readonly context: StreamContext;
  readonly #noRows = new NoRows();
  readonly #streams = new Map<string, Followed>();
  readonly #interfaces = new InterfaceNames();
  /** Those without a filter. */
  #unfiltered: readonly RowStream[] = [];
  /** Rows for those with a filter, and for live sums. */
  readonly #waiting: WaitingRows;
  /** The filters of live sums. */
  readonly #sums = new Map<RowChecker, Filter>();
  /** Filtering that is left, ns, at a time of the clock, ms. */
  #filteringNs = FILTERING_AT_ONCE_NS;
  #filteringAt: number;
  /** Clients that follow a stream, without and with a filter. */
  readonly #following = { all: 0, filtered: 0 };
  #clockOffsetNs = 0n;
  readonly #onLowLatency: (lowLatency: boolean) => void;
  #lowLatency = false;

  /**
   * `run` runs checks of filters, so that they delay other rows little. `onLowLatency` is called when a client starts to
   * need low latency, and when no client needs it any longer.
   */
  constructor(layout: RecordLayout, clock: StreamClock, run: Run, onLowLatency: (lowLatency: boolean) => void) {
    this.#onLowLatency = onLowLatency;
    this.#filteringAt = clock.now();
    this.context = {
      clock,
      layout,
      minBatchMs: (isFiltered) => this.#minBatchMs(isFiltered),
      clockOffsetNs: () => this.#clockOffsetNs,
      memory: new BufferPool(),
      run,
    };
    this.#waiting = new WaitingRows(layout.stride, run);
  }

  setClockOffset(ns: bigint): void {
    this.#clockOffsetNs = ns;
  }

  /** Sets the interfaces that filters with interface names refer to. */
  setInterfaces(interfaces: Iterable<{ readonly ifindex: number; readonly name: string }>): void {
    if (!this.#interfaces.learn(interfaces)) return;
    this.#waiting.finish();
    for (const { stream, filter } of this.#streams.values()) {
      if (filter && interfacesNamed(filter).length > 0) stream.setFilter(compileFilter(filter, this.#interfaces));
    }
    for (const [sums, filter] of this.#sums) {
      if (interfacesNamed(filter).length > 0) sums.setFilter(compileFilter(filter, this.#interfaces));
    }
  }

  /** Passes the rows from now on to `sums`, which share the time for filters with the streams. */
  openSums(sums: RowChecker, filter: Filter): void {
    sums.setFilter(compileFilter(filter, this.#interfaces));
    this.#sums.set(sums, filter);
    this.#waiting.open(sums, RECORD_NS + TEST_NS * filterTests(filter) + SUM_NS);
  }

  closeSums(sums: RowChecker): void {
    this.#sums.delete(sums);
    this.#waiting.close(sums);
  }

  /** Calls `act` once `sums` have checked the rows that passed before now. */
  afterChecks(sums: RowChecker, act: () => void): void {
    this.#waiting.afterChecks(sums, act);
  }

  /** Adds rows. `bytes` begins with `count` records, only read during the call; `skipped` more passed. */
  add(bytes: Uint8Array, count: number, skipped: number): void {
    this.#noRows.add(count + skipped);
    for (const stream of this.#unfiltered) stream.add(bytes, count, skipped);
    this.#earn();
    this.#waiting.skip(skipped);
    this.#waiting.add(bytes, count, (rows, costNs) => this.#affordable(rows, costNs));
  }

  flush(): void {
    this.#waiting.finish();
    for (const { stream } of this.#streams.values()) stream.flush();
  }

  /** Makes the client follow the stream for `subscription`; undefined: the client is paused. */
  follow(client: ClientStream, subscription: Subscription | undefined): void {
    const before = client.source;
    const source = this.#sourceFor(subscription);
    this.#finish(before);
    this.#finish(source);
    client.follow(source);
    if (source instanceof RowStream) this.#following[source.isFiltered ? 'filtered' : 'all']++;
    this.#release(before);
    this.#updateLowLatency();
  }

  end(client: ClientStream): void {
    const before = client.source;
    client.end();
    this.#release(before);
    this.#updateLowLatency();
  }

  #minBatchMs(isFiltered: boolean): number {
    const { all, filtered } = this.#following;
    const [own, others] = isFiltered ? [filtered, all] : [all, filtered];
    const left = DELIVERIES_PER_SECOND - Math.min(DELIVERIES_PER_SECOND / 2, others * MAX_PER_CLIENT);
    return (own / left) * 1000;
  }

  /** Adds the time for filters since the last call. */
  #earn(): void {
    const now = this.context.clock.now();
    const earned = (now - this.#filteringAt) * 1e6 * FILTERING_SHARE;
    this.#filteringNs = Math.min(FILTERING_AT_ONCE_NS, this.#filteringNs + earned);
    this.#filteringAt = now;
  }

  /** Returns how many of `count` records may be filtered, and charges their cost. */
  #affordable(count: number, costNs: number): number {
    const filtered = Math.min(count, Math.floor(this.#filteringNs / costNs));
    this.#filteringNs -= filtered * costNs;
    return filtered;
  }

  /** Checks the rows that passed before now: they count for the clients that follow `source` now, and for no others. */
  #finish(source: RowSource | undefined): void {
    if (source instanceof RowStream) this.#waiting.finish(source);
  }

  #sourceFor(subscription: Subscription | undefined): RowSource {
    if (subscription === undefined || subscription.rowsPerSecond === 0) return this.#noRows;
    const { rowsPerSecond, batchMs, filter } = subscription;
    const key = streamKey(subscription);
    const existing = this.#streams.get(key);
    if (existing !== undefined) return existing.stream;
    const matches = filter && compileFilter(filter, this.#interfaces);
    const stream = new RowStream(this.context, { rowsPerSecond, batchMs, matches });
    this.#streams.set(key, { stream, filter });
    if (filter) this.#waiting.open(stream, RECORD_NS + TEST_NS * filterTests(filter));
    else this.#unfiltered = [...this.#unfiltered, stream];
    return stream;
  }

  #release(source: RowSource | undefined): void {
    if (source instanceof RowStream) this.#following[source.isFiltered ? 'filtered' : 'all']--;
    if (source === undefined || source.followers.size > 0) return;
    for (const [key, { stream }] of this.#streams) if (stream === source) this.#streams.delete(key);
    if (!(source instanceof RowStream)) return;
    this.#waiting.close(source);
    this.#unfiltered = this.#unfiltered.filter((stream) => stream !== source);
  }

  #updateLowLatency(): void {
    const lowLatency = [...this.#streams.values()].some(({ stream }) => stream.batchMs <= LOW_LATENCY_BATCH_MS);
    if (lowLatency === this.#lowLatency) return;
    this.#lowLatency = lowLatency;
    this.#onLowLatency(lowLatency);
  }
}
