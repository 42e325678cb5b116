import { BATCH_HEADER_SIZE, type PacketLogBatch, PacketLogView, parseFilter } from '@packetlog/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FakeClient, fakeStreams, numbersOf, STRIDE } from '../../../test/support/fake-client.ts';
import { numberedRecord } from '../../../test/support/fake-ring.ts';
import type { Subscription } from './row-streams.ts';
import { BACKLOG_BYTES, BACKLOG_MS } from './send-queue.ts';

const ALL: Subscription = { rowsPerSecond: 1_000_000_000, batchMs: 10, filter: undefined };
const limited = (rowsPerSecond: number): Subscription => ({ ...ALL, rowsPerSecond });
const denied: Subscription = { ...ALL, filter: parseFilter('deny') };
const range = (from: number, to: number, step = 1) =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step);

const view = (number: number) => new PacketLogView(numberedRecord(number), { count: 1, stride: 64, recordOffset: 0 });
/** Returns the interface of the row with this number. */
const ifindexOf = (number: number) => view(number).ifindex(0);

describe('a stream', () => {
  it('sends the first rows at once, and the next ones in one batch after its interval', () => {
    const { add, wait, client, timers } = fakeStreams();
    const { batches } = client(ALL);
    add(2);
    expect(batches.map((batch) => numbersOf([batch]))).toEqual([[0, 1]]);
    add(1);
    add(3);
    expect(timers).toHaveLength(1);
    wait(9);
    expect(batches).toHaveLength(1);
    wait(1);
    expect(batches.map((batch) => numbersOf([batch]))).toEqual([
      [0, 1],
      [2, 3, 4, 5],
    ]);
    expect(timers).toHaveLength(0);
  });

  it('sends rows as they come if requested, unless they come within half a millisecond', () => {
    const { add, wait, client } = fakeStreams();
    const { batches } = client({ ...ALL, batchMs: 1 });
    for (let i = 0; i < 20; i++) {
      add(1);
      wait(0.6);
    }
    expect(batches.map(({ length }) => length)).toEqual(Array(20).fill(1));
    add(1);
    add(1);
    expect(batches).toHaveLength(21);
    wait(1);
    expect(batches.map(({ length }) => length).slice(20)).toEqual([1, 1]);
  });

  it('sends a batch as soon as it is full', () => {
    const { add, client } = fakeStreams();
    const { batches } = client(ALL);
    add(1);
    add(2000);
    const [, full] = batches;
    expect(full?.byteLength).toBeGreaterThan(64 * 1024 - STRIDE);
    expect(full?.byteLength).toBeLessThanOrEqual(64 * 1024 + BATCH_HEADER_SIZE);
  });

  it.each([1, 57, 500, 900])('sends a copy of %d rows: a later batch does not change them', (count) => {
    const { add, wait, client } = fakeStreams();
    const { batches } = client(ALL);
    add(count);
    const before = numbersOf(batches);
    wait(10);
    add(count);
    expect(numbersOf(batches).slice(0, before.length)).toEqual(before);
    expect(numbersOf(batches)).toEqual(range(0, 2 * count));
  });

  it('withholds rows above the limit, evenly spread, and counts rows skipped earlier', () => {
    const { add, client } = fakeStreams();
    const { batches } = client(limited(50));
    add(100, 23);
    expect(numbersOf(batches)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
    expect(batches[0]).toMatchObject({ offered: 123, withheld: 113, filtered: 0 });
  });

  it('sends rows that match the filter, and counts the others neither as offered nor as lost', () => {
    const { add, client } = fakeStreams();
    const { batches, stream } = client(denied);
    add(30);
    expect(numbersOf(batches)).toEqual(range(1, 30, 3));
    expect(batches[0]).toMatchObject({ offered: 10, dropped: 0, withheld: 0, filtered: 20 });
    expect(stream.ledger()).toEqual({ offered: 10, delivered: 10, dropped: 0, withheld: 0, pending: 0, filtered: 20 });
  });

  it('applies the row limit to rows that match the filter', () => {
    const { add, client } = fakeStreams();
    const { batches } = client({ ...denied, rowsPerSecond: 50 });
    add(300);
    expect(numbersOf(batches)).toEqual(range(1, 300, 30));
    expect(batches[0]).toMatchObject({ offered: 100, withheld: 90, filtered: 200 });
  });

  it('resolves interface names with the current interfaces', () => {
    const { streams, add, client } = fakeStreams();
    const { batches, stream } = client({ ...ALL, filter: parseFilter('iface lab0') });
    add(4);
    expect(stream.ledger()).toMatchObject({ offered: 0, filtered: 4 });
    streams.setInterfaces([4, 5, 6, 7].map((number) => ({ name: 'lab0', ifindex: ifindexOf(number) })));
    add(4);
    expect(numbersOf(batches)).toEqual([4, 5, 6, 7]);
    streams.setInterfaces([4, 5, 6, 7].map((number) => ({ name: 'other', ifindex: ifindexOf(number) })));
    add(4);
    expect(stream.ledger()).toMatchObject({ offered: 4, filtered: 8 });
  });

  it('sends no batch if the filter matches nothing', () => {
    const { add, wait, client, timers } = fakeStreams();
    const { batches, stream } = client({ ...ALL, filter: parseFilter('proto 200 and deny and port 9') });
    add(300);
    wait(1000);
    expect([batches.length, timers.length]).toEqual([0, 0]);
    expect(stream.ledger()).toMatchObject({ offered: 0, filtered: 300 });
  });

  it('puts the clock offset into the header', () => {
    const { streams, add, client } = fakeStreams();
    const { batches } = client(ALL);
    streams.setClockOffset(-1_700_000_000_123_456_789n);
    add(1);
    expect(batches[0]?.clockOffsetNs).toBe(-1_700_000_000_123_456_789n);
  });

  it('collects longer for many clients, so that there are at most 5,000 deliveries per second', () => {
    const { add, wait, client, messages } = fakeStreams();
    for (let i = 0; i < 500; i++) client(ALL);
    add(1);
    messages.splice(0);
    for (let ms = 0; ms < 400; ms++) {
      add(1);
      wait(1);
    }
    expect(messages.length / 500).toBe(4);
  });
});

describe('low latency is requested', () => {
  it('while a client has a batch interval of a millisecond', () => {
    const { client, lowLatency, streams } = fakeStreams();
    const page = client({ ...ALL, batchMs: 1000 / 60 });
    expect(lowLatency).toEqual([]);
    const program = client({ ...ALL, batchMs: 1 });
    expect(lowLatency).toEqual([true]);
    program.follow(undefined);
    expect(lowLatency).toEqual([true, false]);
    page.follow({ ...ALL, batchMs: 1 });
    streams.end(page.stream);
    expect(lowLatency).toEqual([true, false, true, false]);
  });

  it('for five clients at most: more get batches less often', () => {
    const { client, lowLatency, streams } = fakeStreams();
    const clients = Array.from({ length: 6 }, () => client({ ...ALL, batchMs: 1 }));
    expect(lowLatency).toEqual([true, false]);
    streams.end((clients[0] as FakeClient).stream);
    expect(lowLatency).toEqual([true, false, true]);
  });
});

describe('clients with the same subscription', () => {
  it('share the memory of a batch', () => {
    const { add, client, messages } = fakeStreams();
    for (let i = 0; i < 5; i++) client(ALL);
    client({ ...ALL, filter: parseFilter('tcp or all') });
    add(10);
    expect(messages).toHaveLength(6);
    expect(new Set(messages.map(({ pieces }) => pieces[1])).size).toBe(1);
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
      return messages[0]?.pieces[1]?.buffer;
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
    expect(new Set(messages.map(({ pieces }) => pieces[1])).size).toBe(1);
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

describe('a client', () => {
  it('that is paused receives no rows, has them counted as withheld, and continues afterwards', () => {
    const { add, wait, client } = fakeStreams();
    const { batches, stream, follow } = client(denied);
    add(3);
    follow(undefined);
    wait(20);
    add(9, 5);
    wait(20);
    expect(batches).toHaveLength(1);
    expect(stream.ledger()).toEqual({ offered: 15, delivered: 1, dropped: 0, withheld: 14, pending: 0, filtered: 2 });
    follow(denied);
    add(3);
    expect(numbersOf(batches)).toEqual([1, 13]);
    expect(batches[1]).toMatchObject({ sequence: 1, offered: 16, withheld: 14, filtered: 4 });
  });

  it('that does not read loses whole batches, which the next header reports; its neighbour is not affected', () => {
    const { add, wait, client } = fakeStreams();
    const [slow, quick] = [client(ALL), client(ALL)];
    slow.reads = false;
    add(1);
    wait(BACKLOG_MS + 1);
    add(5);
    wait(10);
    add(6);
    expect(slow.stream.ledger()).toMatchObject({ offered: 12, delivered: 1, dropped: 11, withheld: 0, pending: 0 });
    slow.read();
    wait(10);
    add(1);
    expect(slow.batches.map(({ sequence }) => sequence)).toEqual([0, 3]);
    expect(slow.batches[1]).toMatchObject({ offered: 13, dropped: 11, withheld: 0, length: 1 });
    expect(quick.batches.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3]);
    expect(quick.batches.at(-1)).toMatchObject({ offered: 13, dropped: 0 });
  });

  it('never has more queued than its limit', () => {
    const { add, wait, client } = fakeStreams();
    const slow = client(ALL);
    slow.reads = false;
    for (let i = 0; i < 100; i++) {
      add(1000);
      wait(10);
    }
    expect(slow.sendQueue.backlog).toBeLessThanOrEqual(BACKLOG_BYTES);
    expect(slow.sendQueue.backlog).toBeGreaterThan(BACKLOG_BYTES - 2 * 64 * 1024);
    // A tenth of the batches or fewer were written at all.
    expect(slow.batches.length).toBeLessThanOrEqual(3);
  });

  it('can verify its stream, whatever it and its neighbours do', () => {
    const seen = { dropped: 0, withheld: 0, filtered: 0, shared: 0 };
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 80 }), (steps) => {
        const lab = fakeStreams();
        const clients = range(0, CLIENTS).map(() => lab.client());
        const passed = new Map<FakeClient, number>();
        for (const [what, who, number] of steps) {
          act[what](lab, clients[who] as FakeClient, number);
          for (const client of clients) {
            if (what === 'add' && client.stream.source)
              passed.set(client, (passed.get(client) ?? 0) + number + SKIPPED);
            expectSums(client, passed.get(client) ?? 0);
          }
        }
        lab.streams.flush();
        for (const { batches, stream, read } of clients) {
          read();
          expectProven(batches);
          const { delivered, dropped, withheld, filtered } = stream.ledger();
          expect(batches.reduce((sum, batch) => sum + batch.length, 0)).toBe(delivered);
          seen.dropped += dropped;
          seen.withheld += withheld;
          seen.filtered += filtered;
        }
        const bodies = lab.messages.map(({ pieces }) => pieces[1]);
        seen.shared += bodies.length - new Set(bodies).size;
      }),
      { numRuns: 60, examples: [[EVERYTHING_ONCE]] },
    );
    expect(Object.entries(seen).filter(([, count]) => count === 0)).toEqual([]);
  });
});

const CLIENTS = 4;
const SUBSCRIPTIONS = [
  ALL,
  ALL,
  undefined,
  denied,
  limited(5000),
  limited(0),
  { ...ALL, batchMs: 1 },
  { ...denied, rowsPerSecond: 500 },
];

const SKIPPED = 3;

/** Events that can happen to one client or to all. */
const act = {
  add: (lab: Lab, _: FakeClient, rows: number) => lab.add(rows, SKIPPED),
  wait: (lab: Lab, _: FakeClient, ms: number) => lab.wait(ms),
  follow: (_: Lab, client: FakeClient, number: number) => client.follow(SUBSCRIPTIONS[number % SUBSCRIPTIONS.length]),
  stall: (_: Lab, client: FakeClient) => {
    client.reads = false;
  },
  read: (_: Lab, client: FakeClient) => client.read(),
  flush: (lab: Lab) => lab.streams.flush(),
};
type Lab = ReturnType<typeof fakeStreams>;

const of = (what: keyof typeof act, number: fc.Arbitrary<number> = fc.constant(0)) =>
  fc.tuple(fc.constant(what), fc.nat(CLIENTS - 1), number);

const step = fc.oneof(
  { weight: 6, arbitrary: of('add', fc.nat(2500)) },
  { weight: 3, arbitrary: of('wait', fc.nat(25)) },
  { weight: 1, arbitrary: of('wait', fc.constant(BACKLOG_MS)) },
  { weight: 4, arbitrary: of('follow', fc.nat(20)) },
  { weight: 2, arbitrary: of('stall') },
  { weight: 1, arbitrary: of('read') },
  { weight: 1, arbitrary: of('flush') },
);

/** Two clients that share a stream, one with a filter, one with a limit; the first loses rows and is notified. */
const EVERYTHING_ONCE: [keyof typeof act, number, number][] = [
  ['follow', 0, 0],
  ['follow', 1, 0],
  ['follow', 2, SUBSCRIPTIONS.indexOf(denied)],
  ['follow', 3, SUBSCRIPTIONS.length - 1],
  ['stall', 0, 0],
  ['add', 0, 2000],
  ['wait', 0, BACKLOG_MS + 1],
  ['add', 0, 10],
  ['wait', 0, 25],
  ['read', 0, 0],
  ['add', 0, 10],
];

function expectSums({ stream }: FakeClient, passed: number): void {
  const { offered, delivered, dropped, withheld, pending, filtered } = stream.ledger();
  expect(offered).toBe(delivered + dropped + withheld + pending);
  expect(offered + filtered).toBe(passed);
}

/** Checks that every header adds up, that rows come in order, and that a sequence gap always means lost rows. */
function expectProven(batches: readonly PacketLogBatch[]): void {
  let received = 0;
  let before = { sequence: -1, dropped: 0 };
  let lastNumber = -1;
  for (const batch of batches) {
    received += batch.length;
    expect(batch.offered).toBe(received + batch.dropped + batch.withheld);
    expect(batch.sequence).toBeGreaterThan(before.sequence);
    expect(batch.sequence - before.sequence > 1).toBe(batch.dropped > before.dropped);
    before = batch;
    for (const number of numbersOf([batch])) {
      expect(number).toBeGreaterThan(lastNumber);
      lastNumber = number;
    }
  }
}
