/** The straight line through values taken at equal intervals, and how sure its slope is. */

export interface Trend {
  /** Per interval. */
  readonly slope: number;
  /** 95 % confidence interval of the slope. */
  readonly low: number;
  readonly high: number;
  readonly mean: number;
}

/** Of the normal distribution: enough for some dozens of values and more. */
const Z_95 = 1.96;

/**
 * Least squares. Neighbouring values of a process are alike (a heap grows and is collected), so they say less than as
 * many independent ones: the error is that of residuals whose correlation from one to the next is r, which is
 * sqrt((1 + r) / (1 - r)) times the usual one.
 */
export function trend(values: readonly number[]): Trend {
  const n = values.length;
  if (n < 3) throw new RangeError(`a trend of ${n} values`);
  const middle = (n - 1) / 2;
  const sum = (of: (value: number, i: number) => number) => values.reduce((total, value, i) => total + of(value, i), 0);
  const mean = sum((value) => value) / n;
  const spread = sum((_, i) => (i - middle) ** 2);
  const slope = sum((value, i) => (i - middle) * (value - mean)) / spread;
  const residuals = values.map((value, i) => value - mean - slope * (i - middle));
  const squares = residuals.reduce((total, each) => total + each * each, 0);
  const neighbours = residuals.slice(1).reduce((total, each, i) => total + each * (residuals[i] ?? 0), 0);
  const correlation = squares === 0 ? 0 : Math.min(0.99, Math.max(0, neighbours / squares));
  const usual = Math.sqrt(squares / (n - 2) / spread);
  const error = Z_95 * usual * Math.sqrt((1 + correlation) / (1 - correlation));
  return { slope, low: slope - error, high: slope + error, mean };
}
