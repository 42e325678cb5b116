import { HISTORY_COLUMNS } from '@packetlog/common';
import { expect, test } from 'vitest';
import type { Amounts, PastPoint } from '../../node/past/past-level.ts';
import { chartColumns, extentOf, LINES, readoutOf, withoutZeros } from './chart-data.ts';

const point = (fromMs: number, over: Partial<Amounts> | null): PastPoint => ({
  fromMs,
  rates:
    over === null ? null : ({ ...Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, 0])), ...over } as Amounts),
});
const points = [
  point(0, { packets: 10, permitted: 9, aborted: 1, tcp: 7, udp: 3, bytes: 640, tcp_bytes: 600, udp_bytes: 40 }),
  point(1000, { packets: 40, permitted: 35, denied: 5, tcp: 40, bytes: 4000, denied_bytes: 300 }),
  point(2000, null),
  point(3000, { packets: 20, permitted: 20, lost: 3 }),
];

test('a step is drawn at its middle; unknown time interrupts the lines; aborted packets count as denied', () => {
  expect(chartColumns(points, 1000, LINES['action-packets'])).toEqual({
    time: [0.5, 1.5, 2.5, 3.5],
    lines: [
      [9, 35, null, 20],
      [1, 5, null, null],
    ],
    lost: [0, 0, 0, 3],
  });
});

test('the same time by protocol, and in bytes', () => {
  expect(chartColumns(points, 1000, LINES['protocol-packets']).lines).toEqual([
    [7, 40, null, 0],
    [3, 0, null, 0],
    [null, null, null, null],
    [null, null, null, null],
  ]);
  expect(chartColumns(points, 1000, LINES['action-bytes']).lines).toEqual([
    [640, 3700, null, 0],
    [0, 300, null, null],
  ]);
  expect(chartColumns(points, 1000, LINES['protocol-bytes']).lines.slice(0, 2)).toEqual([
    [600, 0, null, 0],
    [40, 0, null, 0],
  ]);
});

test('where nothing is denied there is no line, and a value still rises from 0 and falls to it', () => {
  expect(withoutZeros([0, 0, 0, 4, 0, 0, null, 0])).toEqual([null, null, 0, 4, 0, null, null, null]);
  expect(withoutZeros([])).toEqual([]);
});

test('the extent tells in numbers what the chart shows', () => {
  expect(extentOf([])).toBeNull();
  expect(extentOf([point(0, null)])).toBeNull();
  expect(extentOf(points)).toEqual({ lowest: 10, highest: 40, latest: 20, deniedHighest: 5 });
});

test('the numbers above are of the newest step, or of the one under the pointer; of a range they are the mean', () => {
  const comparison = { now: { ...(points[0]?.rates as Amounts), packets: 70, lost: 3 }, before: null, lengthMs: 4000 };
  const read = (isLive: boolean, hovered: number | null) => {
    const { rates, lost, when } = readoutOf({ points, comparison }, isLive, hovered);
    return [rates?.packets, lost, when === null ? 'newest' : when.replace(/^\d.*/, 'its time')];
  };
  expect(read(true, null)).toEqual([20, 3, 'newest']);
  expect(read(true, 1)).toEqual([40, 0, 'its time']);
  expect(read(false, null)).toEqual([17.5, 3, 'mean']);
  expect(read(false, 3)).toEqual([20, 3, 'its time']);
  expect(readoutOf({ points: [], comparison: null }, true, null)).toEqual({ rates: null, lost: 0, when: null });
});
