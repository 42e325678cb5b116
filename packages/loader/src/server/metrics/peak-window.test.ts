import { describe, expect, it } from 'vitest';
import { PeakWindow } from './peak-window.ts';

describe('the highest value of the last minute', () => {
  it('stays for a minute, and then is the highest of the later ones', () => {
    const window = new PeakWindow();
    expect(window.highest(0)).toBe(0);
    for (const [atMs, value] of [
      [0, 5],
      [1000, 9],
      [2000, 3],
      [3000, 4],
      [40_000, 1],
    ] as const)
      window.add(value, atMs);
    expect(window.highest(40_000)).toBe(9);
    expect(window.highest(61_000)).toBe(9);
    expect(window.highest(61_001)).toBe(4);
    expect(window.highest(63_001)).toBe(1);
    expect(window.highest(200_000)).toBe(0);
  });
});
