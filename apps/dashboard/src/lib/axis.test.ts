import { expect, test } from 'vitest';
import { axisTicks, axisTop, minuteTicks } from './axis.ts';

test.each([
  [0, 10, 10],
  [7, 10, 10],
  [10, 10, 10],
  [11, 10, 15],
  [48_213, 10, 50_000],
  [80_001, 10, 100_000],
  [1, 1, 1],
])('for a highest value of %d and at least %d the axis ends at %d', (highest, least, top) => {
  expect(axisTop(highest, least)).toBe(top);
});

test('the axis has its half in the middle', () => {
  expect(axisTicks(50)).toEqual([0, 25, 50]);
});

test('time is marked at whole minutes', () => {
  expect(minuteTicks(61, 245)).toEqual([120, 180, 240]);
  expect(minuteTicks(60, 60)).toEqual([60]);
});
