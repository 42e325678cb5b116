import { describe, expect, test } from 'vitest';
import { trend } from './trend.ts';

/** Returns uniform random values in -1..1, the same each time. */
function noise(count: number): number[] {
  let state = 1;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state / 0x4000_0000 - 1;
  });
}

describe('a trend', () => {
  test('of a straight line is its slope, with an interval of width 0', () => {
    const { slope, low, high, mean } = trend([1, 3, 5, 7, 9]);
    expect(slope).toBeCloseTo(2, 12);
    expect([low, high].map((each) => Math.round(each * 1e9) / 1e9)).toEqual([2, 2]);
    expect(mean).toBe(5);
  });

  test('of noise around a level includes 0', () => {
    const { low, high } = trend(noise(500));
    expect(low).toBeLessThan(0);
    expect(high).toBeGreaterThan(0);
  });

  test('of noise around a slope excludes 0', () => {
    const { low, high } = trend(noise(500).map((value, i) => value + 0.01 * i));
    expect(low).toBeGreaterThan(0.005);
    expect(low).toBeLessThan(0.01);
    expect(high).toBeGreaterThan(0.01);
  });

  test('has a wider interval for correlated values', () => {
    const values = noise(500);
    let last = 0;
    const following = values.map((value) => {
      last = 0.9 * last + value;
      return last;
    });
    const width = ({ low, high }: { low: number; high: number }) => high - low;
    // Correlated by 0.9, so 1 / sqrt(1 - 0.9 ** 2) times as large: the usual error would be 2.3 times as wide.
    expect(width(trend(following))).toBeGreaterThan(6 * width(trend(values)));
  });

  test('needs three values', () => {
    expect(() => trend([1, 2])).toThrow('a trend of 2 values');
  });
});
