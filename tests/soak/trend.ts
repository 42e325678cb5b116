/** The straight line through values taken at equal intervals, and the confidence interval of its slope. */

export interface Trend {
  /** Change per interval. */
  readonly slope: number;
  /** 95 % confidence interval of the slope. */
  readonly low: number;
  readonly high: number;
  readonly mean: number;
}

/** Quantile of the normal distribution: sufficient for some dozens of values. */
const Z_95 = 1.96;

/**
 * Fits by least squares. Neighbouring values of a process are correlated (a heap grows and is collected), so they carry
 * less information than independent ones: with the correlation r of neighbouring residuals, the error is
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
