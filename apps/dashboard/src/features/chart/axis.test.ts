import { expect, test } from 'vitest';
import { axisTicks, axisTop, highestOf, tickText, timeTicks } from './axis.ts';

test.each([
  [0, 10, 10],
  [7, 10, 10],
  [10, 10, 10],
  [11, 10, 15],
  [48_213, 10, 50_000],
  [80_001, 10, 100_000],
  [1, 1, 1],
])('for a highest value of %d and a minimum of %d the axis ends at %d', (highest, least, top) => {
  expect(axisTop(highest, least)).toBe(top);
});

test('the axis is as high as the lines are between two times, also after a gap', () => {
  const lines = [
    [9, 10, 11, 12],
    [90, 5, null, 70],
    [1, 6, 7, 80],
  ] as const;
  expect(highestOf([...lines], 9, 11)).toBe(7);
  expect(highestOf([...lines], 8, 11)).toBe(90);
  expect(highestOf([...lines], 9, 12)).toBe(80);
  expect(highestOf([[], []], 0, 1)).toBe(0);
});

test('the axis has ticks at 0, the middle and the top', () => {
  expect(axisTicks(50)).toEqual([0, 25, 50]);
});

test('time ticks are at round times, closer together on a shorter axis', () => {
  expect(timeTicks(61, 361)).toEqual({ ticks: [120, 180, 240, 300, 360], step: 60 });
  expect(timeTicks(61, 121)).toEqual({ ticks: [75, 90, 105, 120], step: 15 });
  expect(timeTicks(60, 60)).toEqual({ ticks: [60], step: 1 });
});

test.each([
  [3, 1],
  [60, 15],
  [900, 180],
  [21_600, 3600],
  [43_200, 10_800],
  [86_300, 10_800],
  [172_000, 21_600],
  [604_800, 86_400],
  [1_300_000, 172_800],
  [31_536_000, 46 * 86_400],
])('an axis of %d s has a tick every %d s', (span, step) => {
  const { ticks } = timeTicks(86_400, 86_400 + span);
  expect((ticks[1] ?? 0) - (ticks[0] ?? 0)).toBe(step);
  expect(ticks.length).toBeLessThan(9);
});

const local = (...parts: [number, number, number, number?, number?]) => new Date(...parts).getTime() / 1000;

test('ticks of a long axis are at local midnight or at round local hours, also where the clock was set', () => {
  const week = timeTicks(local(2026, 2, 25, 14, 3), local(2026, 3, 1, 14, 3));
  expect(week.ticks).toEqual([26, 27, 28, 29, 30, 31].map((day) => local(2026, 2, day)).concat(local(2026, 3, 1)));
  const day = timeTicks(local(2026, 2, 28, 17, 30), local(2026, 2, 29, 17, 30));
  expect(day.ticks[0]).toBe(local(2026, 2, 28, 18));
  expect(day.ticks).toContain(local(2026, 2, 29));
});

test('labels have seconds on a short axis, and the day at midnight on a long one', () => {
  const at = local(2026, 10, 28);
  expect(tickText(at, 15)).toBe('00:00:00');
  expect(tickText(at, 3600)).toBe('00:00');
  expect(tickText(at, 10_800)).toBe('Sat 28 Nov');
  expect(tickText(at + 10_800, 10_800)).toBe('03:00');
});
