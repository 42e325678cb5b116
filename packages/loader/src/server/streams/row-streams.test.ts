import { parseFilter } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { ALL, fakeStreams, limited, numbersOf, range } from '../../../test/support/fake-client.ts';

describe('clients with the same subscription', () => {
  it('share the memory of a batch', () => {
    const { add, client, messages } = fakeStreams();
    for (let i = 0; i < 5; i++) client(ALL);
    client({ ...ALL, filter: parseFilter('tcp or all') });
    add(10);
    expect(messages).toHaveLength(6);
    expect(new Set(messages.map(({ encode }) => encode()[1])).size).toBe(1);
  });

  it('share memory that is reused only when all of them have received it', () => {
    const { add, wait, client, messages } = fakeStreams();
    const slow = client(ALL);
    client(ALL);
    slow.reads = false;
    const memoryOf = (count: number) => {
      messages.splice(0);
      add(count);
      wait(10);
      return messages[0]?.encode()[1]?.buffer;
    };
    const first = [memoryOf(100), memoryOf(100), memoryOf(900), memoryOf(900)];
    expect(new Set(first).size).toBe(4);
    slow.read();
    expect(first.slice(0, 2)).toContain(memoryOf(100));
    expect(first.slice(2)).toContain(memoryOf(900));
  });

  it('may write the filter differently', () => {
    const { add, client, messages } = fakeStreams();
    client({ ...limited(9), filter: parseFilter('(tcp or udp) and src net 2001:db8:0::/48') });
    client({ ...limited(9), filter: parseFilter('src 2001:DB8::/48 and (proto 17 or tcp or tcp)') });
    client({ ...limited(9), filter: parseFilter('deny or permit') });
    client({ ...limited(9), filter: parseFilter('action permit or deny') });
    add(30);
    expect(messages).toHaveLength(2);
    expect(new Set(messages.map(({ encode }) => encode()[1])).size).toBe(1);
  });

  it('may join at any time, and get rows that pass from then on', () => {
    const { add, wait, client } = fakeStreams();
    const early = client(ALL);
    add(2);
    add(3);
    const late = client(ALL);
    add(4);
    const latest = client(ALL);
    wait(10);
    add(1);
    wait(10);
    expect(numbersOf(early.batches)).toEqual(range(0, 10));
    expect(numbersOf(late.batches)).toEqual(range(5, 10));
    expect(late.batches[0]).toMatchObject({ sequence: 0, offered: 4 });
    // The next batch held what the client subscribed to.
    expect(numbersOf(latest.batches)).toEqual([9]);
    expect(latest.batches[0]).toMatchObject({ sequence: 0, offered: 1 });
  });

  it('may leave at any time with their buffered rows, without an effect on the others', () => {
    const { add, wait, client } = fakeStreams();
    const [stays, pauses, goes] = [client(ALL), client(ALL), client(ALL)];
    add(1);
    add(3);
    pauses.follow(undefined);
    goes.stream.end();
    expect(numbersOf(pauses.batches)).toEqual([0, 1, 2, 3]);
    expect(stays.batches).toHaveLength(1);
    add(2);
    wait(10);
    expect(stays.batches.map((batch) => numbersOf([batch]))).toEqual([[0], [1, 2, 3, 4, 5]]);
    expect(pauses.stream.ledger()).toMatchObject({ offered: 6, delivered: 4, withheld: 2, pending: 0 });
    expect(goes.batches).toHaveLength(1);
    pauses.follow(ALL);
    add(1);
    wait(10);
    expect(pauses.batches.map(({ sequence }) => sequence)).toEqual([0, 1, 2]);
  });
});

describe('filters that together cost too much', () => {
  /** 200 tests; matches nearly all rows of the test. */
  const costly = Array.from({ length: 100 }, (_, i) => `(length ${5000 + i} or not length ${6000 + i})`).join(' and ');

  it('withhold rows from the costliest stream only, and count them', () => {
    const { add, wait, client } = fakeStreams();
    // In the order of the cost, whatever the order of subscribing.
    const expensive = client({ ...ALL, filter: parseFilter(costly) });
    const cheap = client({ ...ALL, filter: parseFilter('permit or deny or aborted') });
    const all = client(ALL);
    for (let ms = 0; ms < 2000; ms += 10) {
      add(2000);
      wait(10);
    }
    const offered = 400_000;
    expect(all.stream.ledger()).toMatchObject({ offered, delivered: offered, withheld: 0 });
    expect(cheap.stream.ledger()).toMatchObject({ offered, delivered: offered, withheld: 0 });
    const { delivered, withheld, filtered } = expensive.stream.ledger();
    expect(delivered + withheld + filtered).toBe(offered);
    // A fifth of two seconds, and what may happen at once, at 2.6 us for each record.
    expect(delivered).toBeGreaterThan(120_000);
    expect(delivered).toBeLessThan(160_000);
  });

  it('recover when less arrives', () => {
    const { add, wait, client } = fakeStreams();
    const { stream } = client({ ...ALL, filter: parseFilter(costly) });
    add(20_000);
    wait(1);
    const { withheld } = stream.ledger();
    expect(withheld).toBeGreaterThan(15_000);
    wait(1000);
    add(100);
    wait(10);
    const { delivered, filtered, ...rest } = stream.ledger();
    expect(rest).toMatchObject({ withheld });
    expect(delivered + filtered).toBe(20_100 - withheld);
  });
});

describe('the time between two batches', () => {
  const PORTS = 48;
  /** Milliseconds between the batches of a client without a filter, and of one with. */
  function intervals({ all, filtered }: { all: number; filtered: number }) {
    const { client, streams } = fakeStreams();
    for (let i = 0; i < all; i++) client(ALL);
    for (let i = 0; i < filtered; i++) client({ ...ALL, filter: parseFilter(`port ${1 + (i % PORTS)}`) });
    const { minBatchMs } = streams.context;
    return { all: minBatchMs(false), filtered: minBatchMs(true) };
  }

  it('grows with the number of clients', () => {
    expect(intervals({ all: 1000, filtered: 0 }).all).toBe(200);
    expect(intervals({ all: 0, filtered: 50 }).filtered).toBe(10);
  });

  it('of clients without a filter stays short, however many have one, and the reverse', () => {
    expect(intervals({ all: 1, filtered: 999 }).all).toBeLessThan(1);
    expect(intervals({ all: 999, filtered: 1 }).filtered).toBeLessThan(1);
    expect(intervals({ all: 1, filtered: 999 }).filtered).toBeLessThan(300);
    expect(intervals({ all: 500, filtered: 500 })).toEqual({ all: 200, filtered: 200 });
  });
});
