import type { HistoryTop } from '@packetlog/common';
import { describe, expect, test } from 'vitest';
import { makeBatch, makeLedger, makePacket, makeSummary } from '../../../test/support/samples.ts';
import { Past } from '../past/past.ts';
import { ledgerSum } from '../state/ledger-sum.ts';
import { AllNodesPast } from './all-nodes-past.ts';
import { mergeTops, sumLedgers, sumSummaries } from './all-nodes-sums.ts';
import { Interleaver } from './interleaver.ts';

const NO_LOSS = { ring: 0, queue: 0, page: 0, total: 0 };

test('ledgers are added up, and each interface keeps its own with the name of its node', () => {
  const part = (name: string, seen: number, page: number, offset: number) => ({
    name,
    ledger: makeLedger({ seen, ringFull: [1, 2], queueDropped: 3, clientWithheld: 4 }),
    loss: { ...NO_LOSS, page },
    indexOf: (ifindex: number) => ifindex + offset,
  });
  const ledger = sumLedgers([part('web-1', 10, 5, 0), part('web-2', 100, 7, 50)], 77);
  expect(ledger.interfaces.map(({ name, ifindex, counters }) => [name, ifindex, counters.seen])).toEqual([
    ['web-1 eth0', 1, 10],
    ['web-1 eth1', 2, 10],
    ['web-2 eth0', 51, 100],
    ['web-2 eth1', 52, 100],
  ]);
  expect(ledger).toMatchObject({ at_ms: 77, queue: { dropped: 6 }, client: { dropped: 12, withheld: 8 } });
});

test('packets of interfaces that are not watched are added up over all nodes', () => {
  const part = (name: string, unwatched?: number) => {
    const ledger = makeLedger({ seen: 10 });
    const [first] = makeLedger({ seen: unwatched ?? 0 }).interfaces;
    return {
      name,
      ledger: first && unwatched ? { ...ledger, unwatched: { ifindex: 9, counters: first.counters } } : ledger,
      loss: NO_LOSS,
      indexOf: (ifindex: number) => ifindex,
    };
  };
  const ledger = sumLedgers([part('a', 2), part('b'), part('c', 3)], 77);
  expect(ledger.unwatched).toMatchObject({ ifindex: 0, counters: { seen: 5, permitted: 5, denied: 0 } });
  expect(ledgerSum(ledger, 'seen')).toBe(35);
  expect(sumLedgers([part('b')], 77).unwatched).toBeUndefined();
});

test("rates are per second, regardless of the nodes' intervals", () => {
  const summary = (packets: number, interval_ms: number) =>
    makeSummary({
      interval_ms,
      total: { packets, bytes: packets * 100 },
      by_action: { permit: packets, deny: 0, aborted: 0 },
      top_sources: [{ addr: '203.0.113.7', packets, bytes: 0 }],
      max_weight: packets > 500 ? 8 : 1,
    });
  const all = sumSummaries(
    [
      { name: 'a', summary: summary(1000, 2000) },
      { name: 'b', summary: summary(300, 1000) },
    ],
    5,
  );
  expect(all).toMatchObject({ interval_ms: 1000, total: { packets: 800 }, by_action: { permit: 800 }, max_weight: 8 });
  expect(all.top_sources).toEqual([{ addr: '203.0.113.7', packets: 800, bytes: 0 }]);
});

describe('the top lists of a range', () => {
  const top = (over: Partial<HistoryTop>): HistoryTop => ({
    from_ms: 0,
    to_ms: 3000,
    series_step_ms: 1000,
    sources: [],
    ports: [],
    pairs: [],
    rules: [],
    new_sources: [],
    ...over,
  });
  const source = (addr: string, series: number[], first_seen_ms = 0) => ({
    addr,
    series,
    first_seen_ms,
    packets: series.reduce((sum, count) => sum + count, 0),
    bytes: 0,
  });

  test('the same source at two nodes is one entry; most packets first', () => {
    const all = mergeTops([
      top({ sources: [source('a', [5, 5, 5]), source('b', [1, 0, 0])] }),
      top({ sources: [source('b', [9, 9])] }),
    ]);
    expect(all?.sources.map(({ addr, packets, series }) => [addr, packets, series])).toEqual([
      ['b', 19, [1, 9, 9]],
      ['a', 15, [5, 5, 5]],
    ]);
  });

  test('a source is new only if it is new at all nodes', () => {
    const fresh = (addr: string, first_seen_ms: number) => ({ addr, first_seen_ms, packets: 1 });
    const all = mergeTops([
      top({ new_sources: [fresh('a', 10), fresh('b', 20)], sources: [source('a', [1]), source('b', [1])] }),
      top({ new_sources: [fresh('a', 5)], sources: [source('a', [1]), source('b', [1])] }),
    ]);
    expect(all?.new_sources).toEqual([{ addr: 'a', first_seen_ms: 5, packets: 2 }]);
    expect(mergeTops([])).toBeNull();
  });
});

describe('the history', () => {
  const past = (from: number, to: number, packets: number) => {
    const made = new Past();
    for (let at = from; at < to; at++) {
      made.add(makeSummary({ at_ms: (at + 1) * 1000, total: { packets, bytes: 0 } }), 0);
    }
    return made;
  };
  const rates = (of: AllNodesPast, fromMs: number, toMs: number) =>
    of.points({ fromMs, toMs }).map(({ rates }) => rates && Math.round(rates.packets));

  test('is the sum at each time, also if only one node has data', () => {
    const both = new AllNodesPast([past(0, 6, 10), past(3, 6, 5)]);
    expect(rates(both, 0, 6000)).toEqual([10, 10, 10, 15, 15, 15]);
    expect(both.sums({ fromMs: 3000, toMs: 6000 })?.packets).toBe(45);
  });

  test('unknown time stays a gap', () => {
    expect(rates(new AllNodesPast([past(0, 2, 10), past(4, 6, 5)]), 0, 6000)).toEqual([10, 10, null, null, 5, 5]);
  });

  test('ends where all reachable nodes have reported', () => {
    expect(new AllNodesPast([past(0, 30, 1), past(0, 29, 1)]).endMs).toBe(29_000);
    expect(new AllNodesPast([past(0, 30, 1), past(0, 12, 1)]).endMs).toBe(30_000);
    expect(new AllNodesPast([]).endMs).toBeNull();
  });
});

describe('rows of several nodes', () => {
  const at = (ms: number) => 1_767_362_602_000_000_000n + BigInt(ms) * 1_000_000n;
  const batch = (...times: number[]) => makeBatch(times.map((ms) => makePacket({ timestamp_ns: at(ms), length: ms })));
  const same = (ifindex: number) => ifindex;
  const read = (bytes: Uint8Array | null) => {
    if (bytes === null) return null;
    const data = new DataView(bytes.buffer, bytes.byteOffset);
    return Array.from({ length: bytes.length / 64 }, (_, i) => data.getUint16(i * 64 + 48, true));
  };

  test('wait for older rows of other nodes, and are ordered by time', () => {
    const rows = new Interleaver(2);
    rows.put(0, batch(10, 30, 50), same, 0);
    expect(rows.take(50, 0)).toBeNull();
    rows.put(1, batch(20, 40, 60), same, 100);
    expect(read(rows.take(150, 0))).toEqual([10, 20, 30, 40, 50]);
    expect(rows.held).toBe(1);
    expect(read(rows.take(300, 0))).toEqual([60]);
    expect(rows.take(400, 0)).toBeNull();
  });

  test('have the interface number among all nodes', () => {
    const rows = new Interleaver(2);
    rows.put(0, makeBatch([makePacket({ ifindex: 2 })]), () => 7, 0);
    const bytes = rows.take(1000, 64);
    expect(bytes?.length).toBe(128);
    expect(new DataView(bytes?.buffer ?? new ArrayBuffer(0)).getUint32(64 + 44, true)).toBe(7);
  });

  test('do not wait beyond the limit', () => {
    const rows = new Interleaver(1);
    const many = makeBatch(Array.from({ length: 10_001 }, () => makePacket()));
    for (let i = 0; i < 5; i++) rows.put(0, many, same, 0);
    expect(rows.isFull).toBe(true);
    expect(rows.take(1, 0)?.length).toBe(50_005 * 64);
    expect(rows.held).toBe(0);
  });
});
