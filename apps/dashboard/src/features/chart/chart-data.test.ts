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

test('the lines by protocol and in bytes cover the same time', () => {
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

test('a line without denied packets is not drawn, and a single value rises from 0 and falls to 0', () => {
  expect(withoutZeros([0, 0, 0, 4, 0, 0, null, 0])).toEqual([null, null, 0, 4, 0, null, null, null]);
  expect(withoutZeros([])).toEqual([]);
});

test('the extent has the lowest, highest and latest rate of the chart', () => {
  expect(extentOf([])).toBeNull();
  expect(extentOf([point(0, null)])).toBeNull();
  expect(extentOf(points)).toEqual({ lowest: 10, highest: 40, latest: 20, deniedHighest: 5 });
});

test('the readouts show the newest step, the step under the pointer, or the mean of a range', () => {
  const comparison = {
    now: { ...(points[0]?.rates as Amounts), packets: 70, lost: 3 },
    before: null,
    lengthMs: 4000,
    than: 'before',
  };
  const span = { fromMs: 0, toMs: 4000 };
  const read = (isLive: boolean, hovered: number | null) => {
    const { rates, lost, when } = readoutOf({ points, comparison, ...span }, isLive, hovered);
    return [rates?.packets, lost, when === null ? 'newest' : when.replace(/^\d.*/, 'its time')];
  };
  expect(read(true, null)).toEqual([20, 3, 'newest']);
  expect(read(true, 1)).toEqual([40, 0, 'its time']);
  expect(read(false, null)).toEqual([17.5, 3, 'mean']);
  expect(read(false, 3)).toEqual([20, 3, 'its time']);
  expect(readoutOf({ points: [], comparison: null, ...span }, true, null)).toEqual({
    rates: null,
    lost: 0,
    when: null,
  });
  const week = { points, comparison, fromMs: 0, toMs: 7 * 86_400_000 };
  expect(readoutOf(week, true, 1).when).toMatch(/^[A-Z][a-z]{2} \d+ [A-Z][a-z]{2} \d\d:\d\d$/);
});
