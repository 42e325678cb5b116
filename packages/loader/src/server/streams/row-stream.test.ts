import { BATCH_HEADER_SIZE, PacketLogView, parseFilter } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import {
  ALL,
  denied,
  type FakeClient,
  fakeStreams,
  limited,
  numbersOf,
  range,
  STRIDE,
} from '../../../test/support/fake-client.ts';
import { numberedRecord } from '../../../test/support/fake-ring.ts';

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
