import { liveRatesSchema, liveTopSchema, type Summary } from '@packetlog/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptySummary } from '../../test/support/empty-summary.ts';
import { FilterHistory } from './filter-history.ts';

const START = 1_800_000_000_000;
const NO_GAPS = { lost: 0, unchecked: 0, not_recorded: 0 };
const FOREVER = [0, 8e15] as const;

function counted(at_ms: number, packets: number, more: Partial<Summary> = {}): Summary {
  return {
    ...emptySummary,
    at_ms,
    total: { packets, bytes: packets * 100 },
    by_action: { permit: packets, deny: 0, aborted: 0 },
    records: packets,
    by_protocol: [{ ip_protocol: 6, ether_type: 0, packets, bytes: packets * 100 }],
    top_sources: [{ addr: '192.0.2.1', packets, bytes: packets * 100 }],
    ...more,
  };
}
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

describe('the history of a filter', () => {
  it('has every packet once, in steps whose edges are not those of its intervals', () => {
    fc.assert(
      fc.property(
        fc.nat(60_000),
        fc.array(fc.tuple(fc.integer({ min: 100, max: 5000 }), fc.nat(1000)), { minLength: 1, maxLength: 80 }),
        (phase, intervals) => {
          const since = START + phase;
          const history = new FilterHistory(since);
          let at = since;
          for (const [ms, packets] of intervals) {
            at += ms;
            history.add(counted(at, packets), { lost: 2, unchecked: 1, not_recorded: 0 }, []);
          }
          const rates = history.rates(...FOREVER);
          expect(liveRatesSchema.parse(rates)).toEqual(rates);
          expect(rates).toMatchObject({ since_ms: since, counted_to_ms: at });
          expect(rates.first_at_ms).toBe(Math.floor(since / rates.step_ms) * rates.step_ms);
          const all = sum(intervals.map(([, packets]) => packets));
          const { packets, permitted, tcp, bytes, lost } = rates.columns;
          expect([packets, permitted, tcp].map(sum)).toEqual([all, all, all]);
          expect(sum(bytes)).toBe(100 * all);
          // The chart marks both causes.
          expect(sum(lost)).toBe(3 * intervals.length);
          expect(rates.first_at_ms + packets.length * rates.step_ms).toBeGreaterThanOrEqual(at);
          for (const { packets, records, missing } of [rates.total, rates.coverage]) {
            expect([packets, records]).toEqual([all, all]);
            const counts = missing.flatMap(({ kind, count }) => (count === undefined ? [] : [[kind, count]]));
            expect(counts).toEqual([
              ['lost', 2 * intervals.length],
              ['unchecked', intervals.length],
            ]);
          }
        },
      ),
    );
  });

  it('spreads an interval over the steps that it covers, in proportion', () => {
    const history = new FilterHistory(START + 250);
    history.add(counted(START + 1250, 100), NO_GAPS, []);
    history.add(counted(START + 2250, 1000), NO_GAPS, []);
    expect(history.rates(...FOREVER).columns.packets).toEqual([75, 25 + 750, 250]);
  });

  it('answers for a part of its time, and says what it has not counted', () => {
    const history = new FilterHistory(START);
    for (let s = 1; s <= 100; s++) history.add(counted(START + 1000 * s, s), NO_GAPS, []);
    const inside = history.rates(START + 10_000, START + 12_000);
    expect(inside).toMatchObject({
      step_ms: 1000,
      first_at_ms: START + 10_000,
      coverage: { packets: 23, missing: [] },
    });
    expect(inside.columns.packets).toEqual([11, 12]);
    const before = history.rates(START - 5000, START + 2000);
    expect(before.columns.packets).toEqual([1, 2]);
    expect(before.coverage.missing).toEqual([
      {
        kind: 'not_counted',
        to_ms: START,
        message: 'Not counted before 2027-01-15 08:00:00 UTC, when this filter was first applied.',
      },
    ]);
    expect(before.total).toMatchObject({ packets: 5050, missing: [] });
    for (const nothing of [history.rates(START - 9, START - 1), history.rates(START + 200_000, START + 300_000)]) {
      expect(nothing.columns.packets).toEqual([]);
      expect(nothing.coverage.packets).toBe(0);
    }
  });

  it('says from when on sums are kept', () => {
    const history = new FilterHistory(START);
    const HOURS = 13;
    for (let s = 1; s <= HOURS * 60; s++) history.add(counted(START + 60_000 * s, 1), NO_GAPS, []);
    const { step_ms, columns, coverage, total } = history.rates(START, 8e15);
    expect(step_ms).toBe(60_000);
    expect(sum(columns.packets)).toBe(720);
    expect(coverage.missing).toMatchObject([{ kind: 'expired', to_ms: START + 60 * 60_000 }]);
    expect(total.packets).toBe(HOURS * 60);
    // An hour ago, the finest steps are gone.
    expect(history.rates(START + 12 * 3_600_000 - 60_000, START + 12 * 3_600_000).step_ms).toBe(60_000);
  });

  it('begins again when the clock was set back', () => {
    const history = new FilterHistory(START);
    history.add(counted(START + 1000, 5), NO_GAPS, []);
    history.add(counted(START - 3_600_000, 7), NO_GAPS, []);
    expect(history.rates(...FOREVER)).toMatchObject({
      since_ms: START - 3_601_000,
      counted_to_ms: START - 3_600_000,
      total: { packets: 7 },
    });
  });

  it('lists the busiest keys of a range', () => {
    const history = new FilterHistory(START);
    const other = { top_sources: [{ addr: '192.0.2.9', packets: 50, bytes: 500 }] };
    for (let s = 1; s <= 10; s++) {
      const rules = [{ rule_id: 7, packets: 2, bytes: 120 }];
      history.add(counted(START + 1000 * s, 9, s > 5 ? other : {}), NO_GAPS, rules);
    }
    const top = history.top(START - 60_000, START + 10_000);
    expect(liveTopSchema.parse(top)).toEqual(top);
    expect(top).toMatchObject({ from_ms: START, to_ms: START + 10_000, since_ms: START });
    expect(top.sources.map(({ addr, packets }) => [addr, packets])).toEqual([
      ['192.0.2.9', 250],
      ['192.0.2.1', 45],
    ]);
    expect(top.rules).toMatchObject([{ rule_id: 7, packets: 20, bytes: 1200 }]);
    expect(history.top(START - 60_000, START)).toMatchObject({ sources: [], ports: [], pairs: [], rules: [] });
    expect(history.top(START, START + 5000).sources.map(({ addr }) => addr)).toEqual(['192.0.2.1']);
  });
});
