import { historySchema, historyTopSchema, type Summary } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { emptySummary } from '../../test/support/empty-summary.ts';
import { History } from './history.ts';

const START = 1_800_000_000_000;

function second(at_ms: number, packets: number, more: Partial<Summary> = {}): Summary {
  return {
    ...emptySummary,
    at_ms,
    total: { packets, bytes: packets * 100 },
    by_action: { permit: packets, deny: 0, aborted: 0 },
    records: packets,
    by_protocol: [{ ip_protocol: 6, ether_type: 0, packets, bytes: packets * 100 }],
    ...more,
  };
}

const from = (addr: string, packets: number) => ({ top_sources: [{ addr, packets, bytes: packets * 60 }] });
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

describe('History', () => {
  it('has every packet once on each level, within its range', () => {
    const history = new History();
    for (let s = 1; s <= 500; s++) history.add(second(START + s * 1000, s), 0);
    const now = START + 500_000;
    for (const step of [1000, 5000, 60_000]) {
      const answer = history.answer(step, now);
      expect(historySchema.parse(answer)).toEqual(answer);
      expect(answer.first_at_ms % step).toBe(0);
      expect(sum(answer.columns.packets)).toBe((500 * 501) / 2);
      expect(answer.columns.tcp).toEqual(answer.columns.packets);
      expect(answer.columns.tcp_bytes).toEqual(answer.columns.bytes);
    }
  });

  it('discards data exactly when it is older than its level', () => {
    const history = new History();
    for (let s = 1; s <= 700; s++) history.add(second(START + s * 1000, 1), 0);
    const { columns, first_at_ms } = history.answer(1000, START + 700_000);
    expect(columns.packets).toHaveLength(600);
    expect(first_at_ms).toBe(START + 101_000);
    expect(sum(history.answer(5000, START + 700_000).columns.packets)).toBe(700);
  });

  it('shows times without packets as zeros, and only zeros after a gap longer than its range', () => {
    const history = new History();
    history.add(second(START + 1000, 5), 0);
    history.add(second(START + 11_000, 7), 0);
    expect(history.answer(1000, START + 12_500).columns.packets).toEqual([5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0]);
    history.add(second(START + 86_400_000, 9), 0);
    for (const step of [1000, 5000, 60_000]) {
      expect(sum(history.answer(step, START + 86_400_000).columns.packets)).toBe(9);
    }
  });

  it('adds to the newest bucket when the clock goes back', () => {
    const history = new History();
    history.add(second(START + 60_000, 5), 0);
    history.add(second(START, 7), 0);
    expect(history.answer(1000, START + 59_900).columns.packets.at(-1)).toBe(12);
  });

  it('starts again when a clock that was years ahead is corrected', () => {
    const history = new History();
    history.add(second(START + 10 * 365 * 86_400_000, 5), 0);
    history.add(second(START + 1000, 7), 0);
    expect(history.answer(1000, START + 900).columns.packets).toEqual([7]);
  });

  it('counts verdicts and losses separately', () => {
    const history = new History();
    const by_action = { permit: 6, deny: 3, aborted: 1 };
    history.add(second(START + 1000, 10, { by_action, denied_bytes: 180 }), 4);
    const { columns } = history.answer(1000, START + 900);
    expect([columns.bytes, columns.denied_bytes]).toEqual([[1000], [180]]);
    expect([columns.permitted, columns.denied, columns.aborted, columns.lost]).toEqual([[6], [3], [1], [4]]);
  });

  it('lists the busiest keys of a range, with a series', () => {
    const history = new History();
    for (let s = 1; s <= 120; s++)
      history.add(second(START + s * 1000, 10, from(s <= 60 ? '192.0.2.1' : '192.0.2.2', s)), 0);
    const top = history.top(START, START + 60_000);
    expect(historyTopSchema.parse(top)).toEqual(top);
    expect(top.sources.map(({ addr, packets }) => ({ addr, packets }))).toEqual([{ addr: '192.0.2.1', packets: 1830 }]);
    expect(top.sources[0]?.series).toHaveLength(60);
    expect(sum(top.sources[0]?.series ?? [])).toBe(1830);
  });

  it('answers for the part of a range that it has', () => {
    const history = new History();
    expect(history.top(0, 1e15).sources).toEqual([]);
    for (let s = 1; s <= 60; s++) history.add(second(START + s * 1000, 1, from('192.0.2.1', 1)), 0);
    const { from_ms, to_ms, sources } = history.top(0, 1e15);
    expect([from_ms, to_ms]).toEqual([START, START + 60_000]);
    expect(sources[0]?.series).toEqual(new Array(60).fill(1));
  });

  it('finds the same sources in coarser levels after the finest has discarded them', () => {
    const history = new History();
    history.add(second(START + 1000, 3, from('192.0.2.1', 3)), 0);
    for (let s = 2; s <= 2000; s++) history.add(second(START + s * 1000, 1, from('192.0.2.2', 1)), 0);
    const { sources, series_step_ms } = history.top(START, START + 60_000);
    expect(sources.map(({ addr }) => addr)).toEqual(['192.0.2.2', '192.0.2.1']);
    expect(series_step_ms).toBe(60_000);
  });

  it('lists sources first seen in the range as new, and none without earlier data', () => {
    const history = new History();
    for (let s = 1; s <= 60; s++) history.add(second(START + s * 1000, 1, from('192.0.2.1', 1)), 0);
    for (let s = 61; s <= 70; s++) history.add(second(START + s * 1000, 1, from('192.0.2.9', 1)), 0);
    expect(history.top(START + 60_000, START + 70_000).new_sources.map(({ addr }) => addr)).toEqual(['192.0.2.9']);
    expect(history.top(START, START + 70_000).new_sources).toEqual([]);
  });

  it('adds up the hits of each rule', () => {
    const history = new History();
    for (let s = 1; s <= 10; s++) history.add(second(START + s * 1000, 5), 0, [{ rule_id: 7, packets: 2, bytes: 120 }]);
    expect(history.top(START, START + 10_000).rules).toMatchObject([{ rule_id: 7, packets: 20, bytes: 1200 }]);
  });

  it('stays within its memory limit with any number of sources', () => {
    const history = new History();
    for (let s = 1; s <= 300; s++) {
      const top_sources = Array.from({ length: 10 }, (_, k) => ({
        addr: `2001:db8::${s}:${k}`,
        packets: 1,
        bytes: 60,
      }));
      history.add(second(START + s * 1000, 10, { top_sources }), 0);
    }
    expect(history.top(START, START + 300_000).sources).toHaveLength(10);
  });
});
