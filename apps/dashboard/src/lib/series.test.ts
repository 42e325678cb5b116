import { expect, test } from 'vitest';
import { SERIES_SPAN_MS, SeriesRing, withoutZeros } from './series.ts';
import { makeSummary } from './test-data.ts';

const at = (at_ms: number, permit = 0, deny = 0, interval_ms = 1_000) =>
  makeSummary({
    at_ms,
    interval_ms,
    by_action: { permit, deny, aborted: 0 },
    total: { packets: permit + deny, bytes: permit * 100 },
  });

test('counts become rates by the length of their interval', () => {
  const series = new SeriesRing();
  series.push(at(10_000, 300, 50, 500), 0);
  expect(series.columns()).toEqual({ time: [10], permit: [600], deny: [100], bytes: [60_000], lost: [0] });
});

test('five minutes are kept, and not one point more', () => {
  const series = new SeriesRing();
  for (let ms = 0; ms <= SERIES_SPAN_MS + 60_000; ms += 1_000) series.push(at(ms), 0);
  expect(series.columns().time[0]).toBe(60);
  expect(series.length).toBe(301);
});

test('summaries that come too often do not grow the series without bound', () => {
  const series = new SeriesRing();
  for (let ms = 0; ms < 100_000; ms += 100) series.push(at(ms), 0);
  expect(series.length).toBe(360);
});

test('a time without summaries breaks the lines', () => {
  const series = new SeriesRing();
  series.push(at(1_000, 1), 0);
  series.push(at(2_000, 2), 0);
  series.push(at(9_000, 3), 0);
  expect(series.columns().permit).toEqual([1, 2, null, 3]);
  expect(series.columns().time).toEqual([1, 2, 2.001, 9]);
});

test('a clock that steps back begins a new series, so that time never runs backwards in the chart', () => {
  const series = new SeriesRing();
  series.push(at(50_000, 1), 0);
  series.push(at(20_000, 2), 4);
  expect(series.columns()).toMatchObject({ time: [20], permit: [2], lost: [4] });
});

test('the extent tells in numbers what the chart shows', () => {
  const series = new SeriesRing();
  expect(series.extent()).toBeNull();
  series.push(at(1_000, 10, 1), 0);
  series.push(at(2_000, 40, 5), 0);
  series.push(at(3_000, 20, 0), 0);
  expect(series.extent()).toEqual({ seconds: 2, lowest: 11, highest: 45, latest: 20, deniedHighest: 5 });
});

test('where nothing is denied there is no line, and a value still rises from 0 and falls to it', () => {
  expect(withoutZeros([0, 0, 0, 4, 0, 0, null, 0])).toEqual([null, null, 0, 4, 0, null, null, null]);
  expect(withoutZeros([])).toEqual([]);
});
