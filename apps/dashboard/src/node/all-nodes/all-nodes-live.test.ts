import { type Acknowledgement, HISTORY_COLUMNS, type LiveRates, type LiveTop } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { mergeLiveTops, sumLiveRates } from './all-nodes-live.ts';

function rates(first_at_ms: number, packets: number[], more: Partial<LiveRates> = {}): LiveRates {
  const columns = Object.fromEntries(
    HISTORY_COLUMNS.map((name) => [name, name === 'packets' ? packets : packets.map(() => 0)]),
  ) as LiveRates['columns'];
  const sum = packets.reduce((a, b) => a + b, 0);
  const coverage = { packets: sum, records: sum, missing: [] };
  const counted_to_ms = first_at_ms + 1000 * packets.length;
  return {
    step_ms: 1000,
    first_at_ms,
    columns,
    coverage,
    since_ms: first_at_ms,
    counted_to_ms,
    total: coverage,
    ...more,
  };
}
const ok = <T>(value: T): Acknowledgement<T> => ({ ok: true, value });
const rejected = { ok: false, error: { code: 'unavailable', message: 'Too many filters.' } } as const;

describe('live sums of all nodes', () => {
  it('are added up by time, whatever the steps of each node', () => {
    const coarse = rates(60_000, [100], { step_ms: 5000, counted_to_ms: 64_000 });
    const answer = sumLiveRates([
      { name: 'a', answer: ok(rates(62_000, [1, 2, 3, 4, 5])) },
      { name: 'b', answer: ok(coarse) },
    ]);
    expect(answer).toMatchObject({
      value: { step_ms: 5000, first_at_ms: 60_000, since_ms: 62_000, counted_to_ms: 67_000, total: { packets: 115 } },
    });
    expect(answer.ok && answer.value.columns.packets).toEqual([1 + 2 + 3 + 100, 9]);
    const empty = sumLiveRates([{ name: 'a', answer: ok(rates(60_000, [])) }]);
    expect(empty.ok && empty.value.columns.packets).toEqual([]);
  });

  it('name a node that has none, and what each node misses', () => {
    const missing = [{ kind: 'lost', count: 7, message: 'Lost: 7.' }] as const;
    const total = { packets: 3, records: 3, missing: [...missing] };
    const answer = sumLiveRates([
      { name: 'a', answer: rejected },
      { name: 'b', answer: ok(rates(60_000, [3], { total })) },
    ]);
    expect(answer.ok && answer.value.total).toEqual({
      packets: 3,
      records: 3,
      missing: [
        { kind: 'lost', count: 7, message: 'b: Lost: 7.' },
        { kind: 'not_counted', message: 'a: Too many filters.' },
      ],
    });
    expect(sumLiveRates([{ name: 'a', answer: rejected }])).toEqual(rejected);
  });

  it('have one list of each kind', () => {
    const top: LiveTop = {
      ...{ from_ms: 0, to_ms: 2000, series_step_ms: 1000, ports: [], pairs: [], since_ms: 5 },
      sources: [{ addr: '192.0.2.1', packets: 3, bytes: 180, series: [1, 2] }],
      rules: [{ rule_id: 1, packets: 1, bytes: 60, series: [1, 0] }],
    };
    const merged = mergeLiveTops([
      { name: 'a', answer: ok(top) },
      { name: 'b', answer: ok({ ...top, since_ms: 9 }) },
      { name: 'c', answer: rejected },
    ]);
    expect(merged).toMatchObject({
      value: { since_ms: 9, sources: [{ addr: '192.0.2.1', packets: 6, bytes: 360, series: [2, 4] }], rules: [] },
    });
    expect(mergeLiveTops([{ name: 'c', answer: rejected }])).toEqual(rejected);
  });
});
