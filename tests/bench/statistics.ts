/** Robust statistics of repeated measurements. */

/** Returns a quantile by linear interpolation between the two nearest values. */
function quantile(sorted: readonly number[], q: number): number {
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

const ascending = (values: readonly number[]) => [...values].sort((a, b) => a - b);

export const quantileOf = (values: readonly number[], q: number): number => quantile(ascending(values), q);

export const median = (values: readonly number[]): number => quantile(ascending(values), 0.5);

export interface Spread {
  median: number;
  /** First and third quartile. */
  q1: number;
  q3: number;
  min: number;
  max: number;
  rounds: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = ascending(values);
  const at = (q: number) => rounded(quantile(sorted, q));
  return { median: at(0.5), q1: at(0.25), q3: at(0.75), min: at(0), max: at(1), rounds: values.length };
}

/** Rounds to four significant digits: more would be noise. */
export const rounded = (value: number): number => Number(value.toPrecision(4));

/** Returns `a[i] / b[i]` for each round i. */
export function ratios(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, round) => value / (b[round] ?? Number.NaN));
}

/** Returns the values in random order. */
export function shuffled<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, by: Math.random() }))
    .sort((a, b) => a.by - b.by)
    .map(({ value }) => value);
}
