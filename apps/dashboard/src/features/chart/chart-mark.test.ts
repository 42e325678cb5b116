import { HISTORY_COLUMNS } from '@packetlog/common';
import { describe, expect, test } from 'vitest';
import type { Amounts, PastPoint } from '../../node/past/past-level.ts';
import { grabbed, indexAt, type Mark, markedSpan, markText, movedMark } from './chart-mark.ts';

const START = 1_767_362_600_000;
const amounts = (packets: number, over: Partial<Amounts> = {}) =>
  ({ ...Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, 0])), packets, ...over }) as Amounts;
const points: PastPoint[] = Array.from({ length: 20 }, (_, i) => ({
  fromMs: START + i * 1000,
  rates: i === 3 ? null : amounts(i * 10, { denied: i === 5 ? 2 : 0, lost: i === 5 ? 7 : 0 }),
}));
const at = (i: number) => START + i * 1000;
const place = (i: number): Mark => ({ anchorMs: at(i), headMs: at(i) });

describe('by keyboard', () => {
  test('the first press puts the mark on the newest step, the next ones move it', () => {
    const first = movedMark(null, points, 'left', false);
    expect(first).toEqual(place(19));
    expect(movedMark(first, points, 'left', false)).toEqual(place(18));
    expect(movedMark(place(12), points, 'far-left', false)).toEqual(place(2));
  });

  test.each([
    ['left', 0, 0],
    ['far-left', 4, 0],
    ['right', 19, 19],
    ['far-right', 12, 19],
    ['first', 9, 0],
    ['last', 9, 19],
  ] as const)('%s from %i stays within the data', (move, from, to) => {
    expect(movedMark(place(from), points, move, false)).toEqual(place(to));
  });

  test('with Shift one end stays; without Shift the range becomes a point', () => {
    const wide = movedMark(movedMark(place(10), points, 'left', true), points, 'left', true);
    expect(wide).toEqual({ anchorMs: at(10), headMs: at(8) });
    expect(markedSpan(wide ?? place(0), 1000)).toEqual({ fromMs: at(8), toMs: at(11) });
    expect(movedMark(wide, points, 'right', false)).toEqual(place(9));
  });

  test('without data there is no mark', () => {
    expect(movedMark(null, [], 'left', false)).toBeNull();
  });
});

describe('by touch', () => {
  const range: Mark = { anchorMs: at(5), headMs: at(9) };

  test('a touch near one end moves that end, and the other stays', () => {
    expect(grabbed(range, at(5) + 300, 1000, 500)).toEqual({ anchorMs: at(9), headMs: at(5) });
    expect(grabbed(range, at(10) - 200, 1000, 500)).toEqual({ anchorMs: at(5), headMs: at(9) });
  });

  test('a touch elsewhere begins a new range', () => {
    expect(grabbed(range, at(15), 1000, 500)).toEqual(place(15));
    expect(grabbed(null, at(2), 1000, 500)).toEqual(place(2));
  });
});

test('a time belongs to the step that contains it', () => {
  expect([indexAt(points, at(4) + 999), indexAt(points, 0), indexAt(points, at(99))]).toEqual([4, 0, 19]);
});

test('the text has the rates of a point, and the sum of a range', () => {
  expect(markText(place(5), points, 1000)).toMatch(/^\d\d:\d\d:\d\d: 50 packets per second, 2 denied, 7 rows lost$/);
  expect(markText(place(3), points, 1000)).toMatch(/: no data$/);
  expect(markText(place(5), points, 7_200_000)).toMatch(/^[A-Z][a-z]{2} \d+ [A-Z][a-z]{2} \d\d:\d\d: 50 packets per/);
  expect(markText({ anchorMs: at(6), headMs: at(4) }, points, 1000)).toMatch(
    /^\d\d:\d\d:\d\d to \d\d:\d\d:\d\d, 3 s: about 150 packets$/,
  );
});
