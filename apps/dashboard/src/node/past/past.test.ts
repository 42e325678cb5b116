import { HISTORY_COLUMNS, type History } from '@packetlog/common';
import { expect, test } from 'vitest';
import { makeSummary } from '../../../test/support/samples.ts';
import { Past } from './past.ts';
import { type Amounts, PastLevel } from './past-level.ts';

const history = (step_ms: number, first_at_ms: number, packets: number[]): History => ({
  step_ms,
  first_at_ms,
  columns: Object.fromEntries(
    HISTORY_COLUMNS.map((name) => [name, packets.map((count) => (name === 'packets' ? count : 0))]),
  ) as History['columns'],
});

const second = (at_ms: number, packets: number, over = {}) =>
  makeSummary({ at_ms, total: { packets, bytes: packets * 100 }, ...over });

const rates = (past: Past, fromMs: number, toMs: number) =>
  past.points({ fromMs, toMs }).map(({ rates }) => rates && Math.round(rates.packets));

test("the loader's history is available at once as rates, and summaries continue it", () => {
  const past = new Past();
  past.fill(history(5000, 0, [50, 100, 20]), 12_000);
  expect(rates(past, 0, 900_000)).toEqual([10, 20, 10]);
  expect(past.endMs).toBe(12_000);
  past.add(second(13_000, 40), 0);
  expect(rates(past, 0, 900_000)).toEqual([10, 20, 20]);
  expect(past.endMs).toBe(13_000);
});

test('a summary across two steps counts for both, so a constant rate is a constant line', () => {
  const past = new Past();
  for (let i = 1; i <= 20; i++) past.add(second(500 + i * 1001, 100, { interval_ms: 1001 }), 0);
  const line = rates(past, 0, 60_000);
  expect(line.length).toBeGreaterThan(19);
  expect(new Set(line)).toEqual(new Set([100]));
});

test('a time without summaries interrupts the line; zeros do not', () => {
  const past = new Past();
  past.add(second(1000, 5), 0);
  past.add(second(2000, 0), 0);
  past.add(second(5000, 7), 0);
  expect(rates(past, 0, 60_000)).toEqual([5, 0, null, null, 7]);
});

test('packets are counted by verdict and by protocol; losses stay counts', () => {
  const past = new Past();
  const by_protocol = [
    { ip_protocol: 6, ether_type: 0x0800, packets: 3, bytes: 300 },
    { ip_protocol: 6, ether_type: 0x86dd, packets: 4, bytes: 400 },
    { ip_protocol: 58, ether_type: 0x86dd, packets: 2, bytes: 200 },
    { ip_protocol: 255, ether_type: 0x0806, packets: 1, bytes: 100 },
  ];
  past.add(second(1000, 10, { by_protocol, by_action: { permit: 6, deny: 3, aborted: 1 }, denied_bytes: 310 }), 12);
  expect(past.points({ fromMs: 0, toMs: 1000 })[0]?.rates).toEqual({
    packets: 10,
    bytes: 1000,
    permitted: 6,
    denied: 3,
    aborted: 1,
    denied_bytes: 310,
    lost: 12,
    tcp: 7,
    udp: 0,
    icmp: 2,
    other: 1,
    tcp_bytes: 700,
    udp_bytes: 0,
    icmp_bytes: 200,
    other_bytes: 100,
  });
});

test('six hours are drawn by the minute, and a zoomed range by the second if seconds are stored', () => {
  const past = new Past();
  past.fill(history(1000, 21_000_000, new Array(600).fill(1)), 21_600_000);
  past.fill(history(5000, 19_800_000, new Array(360).fill(5)), 21_600_000);
  past.fill(history(60_000, 0, new Array(360).fill(60)), 21_600_000);
  const step = (fromMs: number, toMs: number) => past.stepMs({ fromMs, toMs });
  expect(step(0, 21_600_000)).toBe(60_000);
  expect(step(20_700_000, 21_600_000)).toBe(5000);
  expect(step(21_540_000, 21_600_000)).toBe(1000);
  expect(step(20_000_000, 20_060_000)).toBe(5000);
  expect(step(1_000_000, 1_060_000)).toBe(60_000);
});

test.each([1, 7, 3650])('a range of %d days has what is known of it, by the minute', (days) => {
  const past = new Past();
  for (let i = 1; i <= 90; i++) past.add(second(i * 1000, 100), 0);
  const span = { fromMs: 90_000 - days * 86_400_000, toMs: 90_000 };
  expect(past.stepMs(span)).toBe(60_000);
  expect(rates(past, span.fromMs, span.toMs)).toEqual([100, 100]);
  expect(past.sums(span)).toBeNull();
  expect(rates(new Past(), span.fromMs, span.toMs)).toEqual([]);
});

test('a short history is drawn in fine steps', () => {
  const past = new Past();
  for (let i = 1; i <= 30; i++) past.add(second(100_000 + i * 1000, 3), 0);
  expect(past.stepMs({ fromMs: 70_000, toMs: 130_000 })).toBe(1000);
  expect(past.stepMs({ fromMs: 130_000 - 900_000, toMs: 130_000 })).toBe(5000);
});

test('a clock step back clears the history', () => {
  const past = new Past();
  past.add(second(50_000, 1), 0);
  past.add(second(20_000, 2), 0);
  expect(past.points({ fromMs: 0, toMs: 60_000 }).map(({ fromMs }) => fromMs)).toEqual([19_000]);
});

test('memory is bounded', () => {
  const level = new PastLevel(1000, 10);
  const amounts = Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, 1])) as Amounts;
  for (let i = 1; i <= 70; i++) level.add((i - 1) * 1000, i * 1000, amounts);
  expect(level.points(0, 70_000).map(({ fromMs }) => fromMs / 1000)).toEqual([60, 61, 62, 63, 64, 65, 66, 67, 68, 69]);
});
