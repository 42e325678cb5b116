import { HISTORY_COLUMNS, type History, type HistoryColumn } from '@packetlog/common';

export type Amounts = Readonly<Record<HistoryColumn, number>>;
export type Sums = Record<HistoryColumn, number>;

interface Bucket {
  readonly amounts: Sums;
  /** Known part of the bucket's time, ms. */
  coveredMs: number;
}

/** A bucket for the chart: rates per second, except `lost`, a count. `rates` is null where there is no data. */
export interface PastPoint {
  readonly fromMs: number;
  readonly rates: Amounts | null;
}

/** History at one resolution, in bounded memory. */
export class PastLevel {
  readonly stepMs: number;
  readonly #size: number;
  /** By bucket number since the epoch, oldest first. */
  #buckets = new Map<number, Bucket>();

  constructor(stepMs: number, size: number) {
    this.stepMs = stepMs;
    this.#size = size;
  }

  /** Beginning of the stored time, ms since the epoch; null while it is empty. */
  get firstMs(): number | null {
    for (const number of this.#buckets.keys()) return number * this.stepMs;
    return null;
  }

  clear(): void {
    this.#buckets.clear();
  }

  /** Replaces everything with the loader's history. Its last bucket is complete up to `knownToMs`. */
  fill(history: History, knownToMs: number): void {
    this.#buckets.clear();
    const first = Math.round(history.first_at_ms / this.stepMs);
    const count = history.columns.packets.length;
    for (let i = Math.max(0, count - this.#size); i < count; i++) {
      const amounts = Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, history.columns[name][i] ?? 0])) as Sums;
      const knownMs = knownToMs - (first + i) * this.stepMs;
      const coveredMs = i < count - 1 ? this.stepMs : Math.min(this.stepMs, Math.max(0, knownMs));
      // An empty last bucket means that its summary has not arrived.
      if (i === count - 1 && (coveredMs === 0 || amounts.packets === 0)) continue;
      this.#buckets.set(first + i, { amounts, coveredMs });
    }
  }

  /** Distributes counts of `fromMs` to `toMs` over the buckets of that time in proportion. */
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

  /** Buckets that overlap the range, with unknown ones between known ones. */
  points(fromMs: number, toMs: number): PastPoint[] {
    const { stepMs } = this;
    const points: PastPoint[] = [];
    for (const number of this.#numbers(fromMs, toMs)) {
      const bucket = this.#buckets.get(number);
      if (bucket === undefined && points.length === 0) continue;
      points.push({ fromMs: number * stepMs, rates: bucket === undefined ? null : ratesOf(bucket) });
    }
    while (points.at(-1)?.rates === null) points.pop();
    return points;
  }

  /** Sums over the range, with partial buckets at its edges; null unless nearly all of it is known. */
  sums(fromMs: number, toMs: number): Sums | null {
    const { stepMs } = this;
    const sums = Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, 0])) as Sums;
    let coveredMs = 0;
    for (const number of this.#numbers(fromMs, toMs)) {
      const bucket = this.#buckets.get(number);
      if (bucket === undefined) continue;
      const inside = Math.min(toMs, (number + 1) * stepMs) - Math.max(fromMs, number * stepMs);
      for (const name of HISTORY_COLUMNS) sums[name] += (bucket.amounts[name] * inside) / stepMs;
      coveredMs += Math.min(inside, bucket.coveredMs);
    }
    return coveredMs >= (toMs - fromMs) * MIN_COVERAGE ? sums : null;
  }

  /** Numbers of buckets that overlap the range, from the first to the last known one: a range can be years long. */
  *#numbers(fromMs: number, toMs: number): Generator<number> {
    const known = [...this.#buckets.keys()];
    const last = Math.max(...known);
    const first = Math.max(Math.floor(fromMs / this.stepMs), Math.min(...known));
    for (let number = first; number <= last && number * this.stepMs < toMs; number++) yield number;
  }
}

const MIN_COVERAGE = 0.95;

function ratesOf({ amounts, coveredMs }: Bucket): Amounts {
  const rates = Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, (amounts[name] * 1000) / coveredMs])) as Sums;
  rates.lost = Math.round(amounts.lost);
  return rates;
}
