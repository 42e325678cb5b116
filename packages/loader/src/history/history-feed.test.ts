import type { InterfaceLedger } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { emptySummary } from '../../test/support/empty-summary.ts';
import { History } from './history.ts';
import { HistoryFeed } from './history-feed.ts';

const START = 1_800_000_000_000;
const hop = { offered: 0, delivered: 0, dropped: 0, withheld: 0, pending: 0 };
const counters: InterfaceLedger = {
  seen: 0,
  permitted: 0,
  denied: 0,
  aborted: 0,
  emitted: 0,
  sampled_out: 0,
  filtered_out: 0,
  ring_full: 0,
  bytes: 0,
  denied_bytes: 0,
};
const summary = (at_ms: number) => ({ ...emptySummary, at_ms });
const ledger = (ring_full: number, dropped: number) => ({
  interfaces: [
    {
      name: 'eth0',
      ifindex: 2,
      mode: 'native' as const,
      state: 'attached' as const,
      counters: { ...counters, ring_full },
    },
  ],
  ring: hop,
  queue: { ...hop, dropped },
});

describe('HistoryFeed', () => {
  it('adds a loss to the second in which it happened', () => {
    const history = new History();
    const feed = new HistoryFeed(history);
    feed.second(ledger(0, 0), summary(START + 1000));
    feed.second(ledger(5, 2), summary(START + 2000));
    feed.second(ledger(5, 2), summary(START + 3000));
    expect(history.answer(1000, START + 2900).columns.lost).toEqual([0, 7, 0]);
  });

  it('counts losses on unwatched interfaces', () => {
    const history = new History();
    const feed = new HistoryFeed(history);
    feed.second(ledger(0, 0), summary(START + 1000));
    const unwatched = { ifindex: 9, counters: { ...counters, ring_full: 4 } };
    feed.second({ ...ledger(1, 0), unwatched }, summary(START + 2000));
    expect(history.answer(1000, START + 1900).columns.lost).toEqual([0, 5]);
  });

  it('adds the hits of rules to the next second, once', () => {
    const history = new History();
    const feed = new HistoryFeed(history);
    feed.second(ledger(0, 0), summary(START + 1000));
    feed.decided([{ rule_id: 7, packets: 3, bytes: 300 }]);
    feed.decided([{ rule_id: 7, packets: 1, bytes: 60 }]);
    feed.second(ledger(0, 0), summary(START + 2000));
    feed.second(ledger(0, 0), summary(START + 3000));
    const { rules } = history.top(START, START + 3000);
    expect(rules).toMatchObject([{ rule_id: 7, packets: 4, bytes: 360 }]);
    expect(rules[0]?.series.filter((packets) => packets > 0)).toEqual([4]);
  });
});
