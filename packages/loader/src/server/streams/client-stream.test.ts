import type { PacketLogBatch } from '@packetlog/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ALL,
  denied,
  type FakeClient,
  fakeStreams,
  limited,
  numbersOf,
  range,
} from '../../../test/support/fake-client.ts';
import { BACKLOG_BYTES, BACKLOG_MS } from './send-queue.ts';

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
        const held: (() => void)[] = [];
        const lab = { ...fakeStreams((work) => held.push(work)), held };
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
        finish(clients, held);
        for (const { batches, stream } of clients) {
          expectProven(batches);
          const { delivered, dropped, withheld, filtered } = stream.ledger();
          expect(batches.reduce((sum, batch) => sum + batch.length, 0)).toBe(delivered);
          seen.dropped += dropped;
          seen.withheld += withheld;
          seen.filtered += filtered;
        }
        const bodies = lab.messages.map(({ encode }) => encode()[1]);
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
  work: ({ held }: Lab, _: FakeClient, count: number) => {
    for (const work of held.splice(0, count)) work();
  },
};
/** A piece of work runs when the test says so. */
type Lab = ReturnType<typeof fakeStreams> & { held: (() => void)[] };

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
  { weight: 6, arbitrary: of('work', fc.nat(20)) },
);

/** Two clients that share a stream, one with a filter, one with a limit; the first loses rows and is notified. */
const EVERYTHING_ONCE: [keyof typeof act, number, number][] = [
  ['follow', 0, 0],
  ['follow', 1, 0],
  ['follow', 2, SUBSCRIPTIONS.indexOf(denied)],
  ['follow', 3, SUBSCRIPTIONS.length - 1],
  ['stall', 0, 0],
  ['add', 0, 2000],
  ['work', 0, 20],
  ['wait', 0, BACKLOG_MS + 1],
  ['add', 0, 10],
  ['work', 0, 20],
  ['wait', 0, 25],
  ['read', 0, 0],
  ['add', 0, 10],
];

/** Lets every network take what was sent, and runs all work. */
function finish(clients: readonly FakeClient[], held: (() => void)[]): void {
  for (const client of clients) client.read();
  while (held.length > 0) held.shift()?.();
}

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
