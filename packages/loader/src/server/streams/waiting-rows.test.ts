import { parseFilter } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { ALL, fakeStreams, range } from '../../../test/support/fake-client.ts';

/** 128 tests, 1.7 us for a record. `seed` makes it different from others. */
const costly = (seed: number) => ({
  ...ALL,
  filter: parseFilter(
    range(0, 128)
      .map((i) => `length ${2000 + seed * 200 + i}`)
      .join(' or '),
  ),
});
const cheap = { ...ALL, filter: parseFilter('length 7 or length 9') };

/** Streams whose work runs when the test calls `work`. */
function lab() {
  const held: (() => void)[] = [];
  const streams = fakeStreams((work) => held.push(work));
  return { ...streams, held, work: () => held.shift()?.() };
}

/** Rows that were checked for the client. */
const checked = ({ stream }: { stream: { ledger(): { filtered: number; delivered: number } } }) =>
  stream.ledger().filtered + stream.ledger().delivered;

describe('rows that wait for filters', () => {
  it('do not keep rows from a client without a filter', () => {
    const { add, client, held, work } = lab();
    const filtered = range(0, 40).map((seed) => client(costly(seed)));
    const all = client(ALL);
    add(40);
    expect(all.stream.ledger()).toMatchObject({ delivered: 40, pending: 0 });
    for (const { stream } of filtered) expect(stream.ledger()).toMatchObject({ pending: 40, filtered: 0 });
    while (held.length > 0) work();
    for (const each of filtered) {
      expect(checked(each)).toBe(40);
      expect(each.stream.ledger()).toMatchObject({ pending: 0, withheld: 0, dropped: 0 });
    }
  });

  it('are checked in small pieces, of which streams that cost the same get the same share', () => {
    const { add, client, held, work } = lab();
    const clients = range(0, 8).map((seed) => client(costly(seed)));
    add(500);
    const PIECE = 60;
    for (let before = 0; held.length > 0; ) {
      work();
      const counts = clients.map(checked);
      const sum = counts.reduce((a, b) => a + b, 0);
      expect(sum - before).toBeLessThanOrEqual(PIECE);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(PIECE);
      before = sum;
    }
    expect(clients.map(checked)).toEqual(Array(8).fill(500));
  });

  it('are checked next for a stream with a cheap filter, whatever waits for costly ones', () => {
    const { add, client, held, work } = lab();
    const slow = range(0, 4).map((seed) => client(costly(seed)));
    const quick = client(cheap);
    add(500);
    for (let i = 0; i < 8; i++) work();
    for (let i = 1; i <= 20; i++) {
      add(10);
      // Batches are sent in between.
      for (let k = 0; k < 3; k++) work();
      expect(checked(quick)).toBe(500 + 10 * i);
    }
    expect(Math.max(...slow.map(checked))).toBeLessThan(1000);
    while (held.length > 0) work();
    for (const each of slow) expect(checked(each)).toBe(700);
  });

  it('are all checked when there is no room for more', () => {
    const { add, client } = lab();
    const quick = client(cheap);
    for (let i = 0; i < 20; i++) add(1000);
    expect(checked(quick)).toBeGreaterThan(0);
    expect(quick.stream.ledger()).toMatchObject({ withheld: 0, dropped: 0 });
    const { filtered, pending } = quick.stream.ledger();
    expect(filtered + pending).toBe(20_000);
  });

  it('count for a client only if they passed while it followed the stream', () => {
    const { add, client, held, work } = lab();
    const early = client(costly(1));
    add(30);
    const late = client(costly(1));
    add(20);
    early.follow(undefined);
    add(10);
    while (held.length > 0) work();
    expect(early.stream.ledger()).toMatchObject({ filtered: 50, withheld: 10, pending: 0 });
    expect(late.stream.ledger()).toMatchObject({ filtered: 30, withheld: 0, pending: 0 });
  });

  it('let live sums close a second once the rows before it are checked, whatever has come since', () => {
    const { add, streams, held, work } = lab();
    const rows: number[] = [];
    const checker = {
      unchecked: 0,
      followers: { size: 1 },
      add: (_: Uint8Array, count: number) => rows.push(count),
      withhold: (count: number) => rows.push(-count),
      setFilter: () => {},
    };
    streams.openSums(checker, costly(1).filter);
    const seen: number[] = [];
    const close = () => streams.afterChecks(checker, () => seen.push(rows.reduce((sum, count) => sum + count, 0)));
    close();
    add(300);
    close();
    close();
    add(200);
    expect(seen).toEqual([0]);
    while (held.length > 0) work();
    expect(seen).toEqual([0, 300, 300]);
    close();
    expect(seen).toEqual([0, 300, 300, 500]);
    // Closed sums are never told of.
    add(10);
    close();
    streams.closeSums(checker);
    while (held.length > 0) work();
    expect(seen).toHaveLength(4);
  });

  it('let live sums close a second in which not all rows could be checked', () => {
    const { add, streams, held, work } = lab();
    const counts = { checked: 0, not: 0 };
    const checker = {
      unchecked: 0,
      followers: { size: 1 },
      add: (_: Uint8Array, count: number) => {
        counts.checked += count;
      },
      withhold: (count: number) => {
        counts.not += count;
      },
      setFilter: () => {},
    };
    streams.openSums(checker, costly(1).filter);
    const seen: (typeof counts)[] = [];
    for (let second = 0; second < 4; second++) {
      for (let i = 0; i < 20; i++) add(1000);
      streams.afterChecks(checker, () => seen.push({ ...counts }));
    }
    while (held.length > 0) work();
    expect(seen).toHaveLength(4);
    for (const [i, { checked, not }] of seen.entries()) expect(checked + not).toBeGreaterThanOrEqual((i + 1) * 20_000);
    expect(seen.at(-1)).toEqual(counts);
    expect(counts.checked + counts.not).toBe(80_000);
    expect(counts.not).toBeGreaterThan(0);
  });
});
