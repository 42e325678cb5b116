import { BATCH_HEADER_SIZE, PacketLogBatch } from '@packetlog/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numberedRecord, recordNumber } from '../ring/fake-ring.ts';
import { BACKLOG_BYTES, ClientStream } from './client-stream.ts';

const STRIDE = 72;
const NO_LIMIT = 1_000_000_000;

/** A client whose network, clock and timers the test plays. */
function client(rowsPerSecond = NO_LIMIT) {
  const time = { now: 1000 };
  const timers: { at: number; action: () => void }[] = [];
  const sent: Uint8Array[] = [];
  const network = { waiting: 0, accepts: true };
  const stream = new ClientStream({
    sink: {
      send: (batch) => {
        sent.push(batch);
        if (!network.accepts) network.waiting += batch.byteLength;
      },
      backlog: () => network.waiting,
    },
    clock: { now: () => time.now, after: (ms, action) => timers.push({ at: time.now + ms, action }) },
    stride: STRIDE,
    recordOffset: 8,
    rowsPerSecond,
  });
  let next = 0;
  return {
    stream,
    sent,
    network,
    timers,
    add(count: number, skipped = 0): void {
      const bytes = new Uint8Array(count * STRIDE);
      for (let i = 0; i < count; i++) bytes.set(numberedRecord(next++), i * STRIDE + 8);
      stream.add(bytes, count, skipped);
      bytes.fill(0xee);
    },
    wait(ms: number): void {
      time.now += ms;
      const due = timers.filter(({ at }) => at <= time.now);
      timers.splice(0, timers.length, ...timers.filter(({ at }) => at > time.now));
      for (const { action } of due) action();
    },
    batches: () => sent.map((bytes) => PacketLogBatch.from(bytes)),
  };
}

function numbersOf(batch: PacketLogBatch): number[] {
  const record = new Uint8Array(64);
  return Array.from({ length: batch.length }, (_, i) => {
    batch.copyRecord(i, record, 0);
    return recordNumber(record);
  });
}

describe('ClientStream', () => {
  it('sends the first rows at once, the next ones together ten milliseconds later', () => {
    const { add, wait, batches, timers } = client();
    add(2);
    expect(batches().map(numbersOf)).toEqual([[0, 1]]);
    add(1);
    add(3);
    expect(timers).toHaveLength(1);
    wait(9);
    expect(batches()).toHaveLength(1);
    wait(1);
    expect(batches().map(numbersOf)).toEqual([
      [0, 1],
      [2, 3, 4, 5],
    ]);
    expect(timers).toHaveLength(0);
  });

  it('sends a batch as soon as it is full', () => {
    const { add, batches } = client();
    add(1);
    add(2000);
    const [, full] = batches();
    expect(full?.byteLength).toBeGreaterThan(64 * 1024 - STRIDE);
    expect(full?.byteLength).toBeLessThanOrEqual(64 * 1024 + BATCH_HEADER_SIZE);
  });

  it.each([1, 57, 900])('sends %d rows that are bytes of their own: a later batch does not change them', (count) => {
    const { add, wait, batches } = client();
    add(count);
    const before = batches().map(numbersOf);
    wait(10);
    add(count);
    expect(batches().map(numbersOf).slice(0, before.length)).toEqual(before);
    expect(batches().flatMap(numbersOf)).toEqual(Array.from({ length: 2 * count }, (_, i) => i));
  });

  it('drops whole batches for a client that does not read, tells it with the next, and leaves a gap in the sequence', () => {
    const { stream, add, wait, network, batches } = client();
    add(1);
    network.waiting = BACKLOG_BYTES;
    wait(10);
    add(5);
    wait(10);
    add(6);
    expect(stream.ledger()).toEqual({ offered: 12, delivered: 1, dropped: 11, withheld: 0, pending: 0 });
    network.waiting = 0;
    wait(10);
    add(1);
    const [first, second] = batches();
    expect([first?.sequence, second?.sequence]).toEqual([0, 3]);
    expect(second).toMatchObject({ offered: 13, dropped: 11, withheld: 0, length: 1 });
  });

  it('never lets more wait than its bound', () => {
    const { add, wait, network } = client();
    network.accepts = false;
    for (let i = 0; i < 100; i++) {
      add(1000);
      wait(10);
    }
    expect(network.waiting).toBeLessThanOrEqual(BACKLOG_BYTES);
    expect(network.waiting).toBeGreaterThan(BACKLOG_BYTES - 2 * 64 * 1024);
  });

  it('withholds what is over the limit, evenly spread, and counts what was skipped before', () => {
    const { stream, add, batches } = client(50);
    add(100, 23);
    expect(batches().map(numbersOf)).toEqual([[0, 10, 20, 30, 40, 50, 60, 70, 80, 90]]);
    expect(batches()[0]).toMatchObject({ offered: 123, withheld: 113 });
    expect(stream.rowsPerSecond).toBe(50);
  });

  it('sends a paused client nothing, counts it as withheld, and goes on afterwards', () => {
    const { stream, add, wait, batches } = client();
    add(1);
    stream.pause(true);
    wait(20);
    add(10);
    wait(20);
    expect(batches()).toHaveLength(1);
    expect(stream.rowsPerSecond).toBe(0);
    expect(stream.ledger()).toMatchObject({ offered: 11, delivered: 1, withheld: 10, pending: 0 });
    stream.pause(false);
    add(2);
    expect(numbersOf(batches()[1] as PacketLogBatch)).toEqual([11, 12]);
    expect(batches()[1]).toMatchObject({ sequence: 1, offered: 13, withheld: 10 });
  });

  it('sends what waits before it pauses, so that nothing comes after the acknowledgement', () => {
    const { stream, add, wait, batches } = client();
    add(1);
    add(1);
    stream.pause(true);
    const before = batches().length;
    wait(20);
    expect(before).toBe(2);
    expect(batches()).toHaveLength(2);
  });

  it('puts the clock offset into the header', () => {
    const { stream, add, batches } = client();
    stream.setClockOffset(-1_700_000_000_123_456_789n);
    add(1);
    expect(batches()[0]?.clockOffsetNs).toBe(-1_700_000_000_123_456_789n);
  });

  it('keeps its ledger and every header true for fast and slow clients alike', () => {
    const seen = { dropped: 0, withheld: 0 };
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, accepts) => {
        const lab = client();
        lab.network.accepts = accepts;
        let given = 0;
        for (const [what, a, b] of steps) {
          if (what === 'add') given += a + b;
          act[what](lab, a, b);
          const { offered, delivered, dropped, withheld, pending } = lab.stream.ledger();
          expect(offered).toBe(delivered + dropped + withheld + pending);
          expect(offered).toBe(given);
        }
        lab.stream.flush();
        expectTrueHeaders(lab.batches());
        const { delivered, dropped, withheld } = lab.stream.ledger();
        expect(lab.batches().reduce((sum, batch) => sum + batch.length, 0)).toBe(delivered);
        seen.dropped += dropped;
        seen.withheld += withheld;
      }),
      { numRuns: 60 },
    );
    expect(seen.dropped).toBeGreaterThan(0);
    expect(seen.withheld).toBeGreaterThan(0);
  });
});

/** What may happen to a stream; `a` and `b` are what the step is about. */
const act = {
  add: (lab: ReturnType<typeof client>, rows: number, skipped: number) => lab.add(rows, skipped),
  wait: (lab: ReturnType<typeof client>, ms: number) => lab.wait(ms),
  backlog: (lab: ReturnType<typeof client>, bytes: number) => {
    lab.network.waiting = bytes;
  },
  pause: (lab: ReturnType<typeof client>, paused: number) => lab.stream.pause(paused === 1),
  limit: (lab: ReturnType<typeof client>, rows: number) => lab.stream.limit(rows),
  flush: (lab: ReturnType<typeof client>) => lab.stream.flush(),
};

const of = (
  what: keyof typeof act,
  a: fc.Arbitrary<number> = fc.constant(0),
  b: fc.Arbitrary<number> = fc.constant(0),
) => fc.tuple(fc.constant(what), a, b);

const step = fc.oneof(
  { weight: 5, arbitrary: of('add', fc.nat(2500), fc.nat(9)) },
  { weight: 3, arbitrary: of('wait', fc.nat(25)) },
  { weight: 2, arbitrary: of('backlog', fc.constantFrom(0, BACKLOG_BYTES - 50_000, BACKLOG_BYTES)) },
  { weight: 1, arbitrary: of('pause', fc.nat(1)) },
  { weight: 1, arbitrary: of('limit', fc.constantFrom(0, 5000, NO_LIMIT)) },
  { weight: 1, arbitrary: of('flush') },
);

/** Every header keeps its promise, rows come in order, and a gap in the sequence means a drop and nothing else. */
function expectTrueHeaders(batches: readonly PacketLogBatch[]): void {
  let received = 0;
  let before = { sequence: -1, dropped: 0 };
  let lastNumber = -1;
  for (const batch of batches) {
    received += batch.length;
    expect(batch.offered).toBe(received + batch.dropped + batch.withheld);
    expect(batch.sequence).toBeGreaterThan(before.sequence);
    expect(batch.sequence - before.sequence > 1).toBe(batch.dropped > before.dropped);
    before = batch;
    for (const number of numbersOf(batch)) {
      expect(number).toBeGreaterThan(lastNumber);
      lastNumber = number;
    }
  }
}
