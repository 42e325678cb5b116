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
});
