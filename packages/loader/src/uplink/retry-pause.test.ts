import { expect, it } from 'vitest';
import { rejectedPause, retryPause } from './retry-pause.ts';

it('waits a random time whose limit grows up to 30 s', () => {
  expect([1, 2, 3, 4, 1000].map((failures) => retryPause(failures, 0.5))).toEqual([
    ...[5000, 10_000, 15_000, 15_000, 15_000],
  ]);
  expect(retryPause(1, 0)).toBe(0);
});

it('waits at least as long as a hub says after a rejection', () => {
  expect(rejectedPause(10, 0)).toBe(10);
  expect(rejectedPause(10, 0.5)).toBe(15);
  expect(rejectedPause(undefined, 0)).toBe(60_000);
});
