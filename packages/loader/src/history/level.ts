/** One resolution of the history: a ring of buckets, each one step long. */
import { HISTORY_COLUMNS, type HistoryColumn } from '@packetlog/common';
import { PackedTops, packedKey, type VisitTop } from './packed-tops.ts';
import { TopBucket, type TopList } from './top-bucket.ts';

/**
 * What a bucket counts besides the columns that clients get, for live sums: records that match, records that were not
 * checked, and packets without a record (`--count-only`).
 */
export const LEVEL_COLUMNS = [...HISTORY_COLUMNS, 'records', 'unchecked', 'not_recorded'] as const;
export type LevelColumn = HistoryColumn | 'records' | 'unchecked' | 'not_recorded';

export type Amounts = Readonly<Record<LevelColumn, number>>;

/** The busiest keys of one bucket. */
export interface Tops {
  visit(list: TopList, visit: VisitTop): void;
}

export class Level {
  readonly stepMs: number;
  readonly #size: number;
  readonly #columns: Readonly<Record<LevelColumn, Float64Array>>;
  /** Lists of the newest bucket. */
  readonly #open = new TopBucket();
  /** Lists of the buckets before it. */
  readonly #closed: PackedTops;
  /** Number of the newest bucket, in steps since the epoch; undefined: there is none. */
  #newest: number | undefined;
  #oldest = 0;

  constructor(stepMs: number, size: number) {
    this.stepMs = stepMs;
    this.#size = size;
    this.#columns = Object.fromEntries(LEVEL_COLUMNS.map((name) => [name, new Float64Array(size)])) as Record<
      LevelColumn,
      Float64Array
    >;
    this.#closed = new PackedTops(size);
  }

  /** Returns the start of the oldest bucket that is kept; undefined: there is none. */
  get firstAtMs(): number | undefined {
    return this.#newest === undefined ? undefined : this.#oldest * this.stepMs;
  }

  /** Returns the time at which the newest bucket ends. */
  get endMs(): number | undefined {
    return this.#newest === undefined ? undefined : (this.#newest + 1) * this.stepMs;
  }

  /**
   * Adds amounts to the bucket of that time, or to the newest one if the clock went back. Returns the lists of the
   * bucket.
   */
  add(atMs: number, amounts: Amounts): TopBucket {
    const at = this.#advance(Math.floor(atMs / this.stepMs));
    for (const name of LEVEL_COLUMNS) {
      const column = this.#columns[name];
      column[at] = (column[at] as number) + amounts[name];
    }
    return this.#open;
  }

  /** Returns the values from the oldest bucket to that of `untilMs`, including those without traffic. */
  column(name: LevelColumn, untilMs: number): number[] {
    if (this.#newest === undefined) return [];
    this.#advance(Math.floor(untilMs / this.stepMs));
    const column = this.#columns[name];
    return Array.from(
      { length: this.#newest - this.#oldest + 1 },
      (_, k) => column[(this.#oldest + k) % this.#size] ?? 0,
    );
  }

  /** Yields the kept buckets that overlap `fromMs` to `toMs`, with the time each begins. */
  *tops(fromMs: number, toMs: number): Generator<{ atMs: number; top: Tops }> {
    if (this.#newest === undefined) return;
    const first = Math.max(this.#oldest, Math.floor(fromMs / this.stepMs));
    const last = Math.min(this.#newest, Math.ceil(toMs / this.stepMs) - 1);
    for (let number = first; number <= last; number++) {
      const at = number % this.#size;
      const visit =
        number === this.#newest
          ? (list: TopList, visit: VisitTop) => this.#visitOpen(list, visit)
          : (list: TopList, visit: VisitTop) => this.#closed.visit(at, list, visit);
      yield { atMs: number * this.stepMs, top: { visit } };
    }
  }

  #visitOpen(list: TopList, visit: VisitTop): void {
    for (const [key, { packets, bytes }] of this.#open.entries(list)) visit(packedKey(list, key), packets, bytes);
  }

  /** Clears all buckets after a clock that was far ahead has been corrected: the times of the old data are unknown. */
  #forget(number: number): void {
    for (const name of LEVEL_COLUMNS) this.#columns[name].fill(0);
    for (let at = 0; at < this.#size; at++) this.#closed.forget(at);
    this.#open.clear();
    this.#newest = number;
    this.#oldest = number;
  }

  /** Makes bucket `number` the newest, with empty ones in between; returns its index. */
  #advance(number: number): number {
    if (this.#newest === undefined) {
      this.#newest = number;
      this.#oldest = number;
      return number % this.#size;
    }
    if (number < this.#newest - this.#size) this.#forget(number);
    const first = Math.max(this.#newest + 1, number - this.#size + 1);
    if (number > this.#newest) {
      this.#closed.keep(this.#newest % this.#size, this.#open);
      this.#open.clear();
    }
    for (let next = first; next <= number; next++) {
      const at = next % this.#size;
      for (const name of LEVEL_COLUMNS) this.#columns[name][at] = 0;
      this.#closed.forget(at);
    }
    this.#newest = Math.max(this.#newest, number);
    this.#oldest = Math.max(this.#oldest, this.#newest - this.#size + 1);
    return this.#newest % this.#size;
  }
}

/**
 * Returns the finest of `levels` (finest first) that reaches back to `wantedMs`; the coarsest, if none does.
 */
export function finestWith(levels: readonly Level[], wantedMs: number): Level {
  const level = levels.find(({ firstAtMs, stepMs }) => firstAtMs !== undefined && firstAtMs < wantedMs + stepMs);
  return level ?? (levels.at(-1) as Level);
}
