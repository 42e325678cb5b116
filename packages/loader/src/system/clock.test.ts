import { describe, expect, it } from 'vitest';
import { measureClockOffset } from './clock.ts';

const OFFSET = 1_700_000_000_000_000_000n;

/** Clocks whose readings take the given times: before and after the wall clock is read, for each attempt. */
function clocks(delays: readonly (readonly [bigint, bigint])[], offset = OFFSET) {
  let now = 5_000_000_000n;
  let attempt = 0;
  return {
    monotonic: () => now,
    real: () => {
      const [before = 0n, after = 0n] = delays[attempt++ % delays.length] ?? [];
      now += before;
      const real = now + offset;
      now += after;
      return real;
    },
  };
}

describe('measureClockOffset', () => {
  it('is exact without an interruption', () => {
    expect(measureClockOffset(clocks([[0n, 0n]]))).toBe(OFFSET);
    expect(measureClockOffset(clocks([[40n, 40n]]))).toBe(OFFSET);
  });

  it('may be negative', () => {
    expect(measureClockOffset(clocks([[5n, 5n]], -77n))).toBe(-77n);
  });

  it('keeps the tightest reading: an interruption does not matter', () => {
    const interrupted: [bigint, bigint] = [9_000_000n, 0n];
    for (let good = 0; good < 5; good++) {
      const delays = Array.from({ length: 5 }, (_, i): [bigint, bigint] => (i === good ? [20n, 20n] : interrupted));
      expect(measureClockOffset(clocks(delays))).toBe(OFFSET);
    }
  });

  it('is wrong by no more than half the width of its reading', () => {
    const error = measureClockOffset(clocks([[1000n, 0n]])) - OFFSET;
    expect(error).toBe(500n);
  });
});
