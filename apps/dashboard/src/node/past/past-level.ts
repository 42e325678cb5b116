import { HISTORY_COLUMNS, type History, type HistoryColumn } from '@packetlog/common';

export type Amounts = Readonly<Record<HistoryColumn, number>>;
export type Sums = Record<HistoryColumn, number>;

interface Bucket {
  readonly amounts: Sums;
  /** How much of the bucket's time is known, ms. */
  coveredMs: number;
}

/** One bucket as it is charted: per second, but `lost`, which is a count. `rates` is null where nothing is known. */
export interface PastPoint {
  readonly fromMs: number;
  readonly rates: Amounts | null;
}

/** One resolution of the past, in memory of a fixed size. */
export class PastLevel {
  readonly stepMs: number;
  readonly #size: number;
  /** By number since the epoch, oldest first. */
  #buckets = new Map<number, Bucket>();

  constructor(stepMs: number, size: number) {
    this.stepMs = stepMs;
    this.#size = size;
  }

  /** Start of what is held, ms since the epoch; null while nothing is. */
  get firstMs(): number | null {
    for (const number of this.#buckets.keys()) return number * this.stepMs;
    return null;
  }

  clear(): void {
    this.#buckets.clear();
  }

  /** Replaces all with what the loader keeps. Its last bucket is known up to `knownToMs`. */
  fill(history: History, knownToMs: number): void {
    this.#buckets.clear();
    const first = Math.round(history.first_at_ms / this.stepMs);
    const count = history.columns.packets.length;
    for (let i = Math.max(0, count - this.#size); i < count; i++) {
      const amounts = Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, history.columns[name][i] ?? 0])) as Sums;
      const known = knownToMs - (first + i) * this.stepMs;
      const coveredMs = i < count - 1 ? this.stepMs : Math.min(this.stepMs, Math.max(0, known));
      // A last bucket that says nothing is one whose summary has not come.
      if (i === count - 1 && (coveredMs === 0 || amounts.packets === 0)) continue;
      this.#buckets.set(first + i, { amounts, coveredMs });
    }
  }

  /** What was counted from `fromMs` to `toMs` goes to the buckets of that time, each its part: rates stay even. */
  add(fromMs: number, toMs: number, amounts: Amounts): void {
    const { stepMs } = this;
    for (let number = Math.floor(fromMs / stepMs); number * stepMs < toMs; number++) {
      const inside = Math.min(toMs, (number + 1) * stepMs) - Math.max(fromMs, number * stepMs);
      let bucket = this.#buckets.get(number);
      if (bucket === undefined) {
        bucket = { amounts: Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, 0])) as Sums, coveredMs: 0 };
        this.#buckets.set(number, bucket);
      }
      for (const name of HISTORY_COLUMNS) bucket.amounts[name] += (amounts[name] * inside) / (toMs - fromMs);
      bucket.coveredMs += inside;
    }
    const newest = Math.ceil(toMs / stepMs) - 1;
    for (const number of this.#buckets.keys()) {
      if (number > newest - this.#size) break;
      this.#buckets.delete(number);
    }
  }

  /** All buckets that overlap the range, unknown ones between known ones included. */
  points(fromMs: number, toMs: number): PastPoint[] {
    const { stepMs } = this;
    const points: PastPoint[] = [];
    for (let number = Math.floor(fromMs / stepMs); number * stepMs < toMs; number++) {
      const bucket = this.#buckets.get(number);
      if (bucket === undefined && points.length === 0) continue;
      points.push({ fromMs: number * stepMs, rates: bucket === undefined ? null : ratesOf(bucket) });
    }
    while (points.at(-1)?.rates === null) points.pop();
    return points;
  }

  /** Sums over the range, buckets at its edges in part; null unless nearly all of it is known. */
  sums(fromMs: number, toMs: number): Sums | null {
    const { stepMs } = this;
    const sums = Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, 0])) as Sums;
    let known = 0;
    for (let number = Math.floor(fromMs / stepMs); number * stepMs < toMs; number++) {
      const bucket = this.#buckets.get(number);
      if (bucket === undefined) continue;
      const inside = Math.min(toMs, (number + 1) * stepMs) - Math.max(fromMs, number * stepMs);
      for (const name of HISTORY_COLUMNS) sums[name] += (bucket.amounts[name] * inside) / stepMs;
      known += Math.min(inside, bucket.coveredMs);
    }
    return known >= (toMs - fromMs) * MOSTLY ? sums : null;
  }
}

const MOSTLY = 0.95;

function ratesOf({ amounts, coveredMs }: Bucket): Amounts {
  const rates = Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, (amounts[name] * 1000) / coveredMs])) as Sums;
  rates.lost = Math.round(amounts.lost);
  return rates;
}
