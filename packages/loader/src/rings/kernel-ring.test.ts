import { PACKET_LOG_SIZE } from '@packetlog/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeRing, numberedRecord, recordNumber } from '../../test/support/fake-ring.ts';
import { KernelRing, RingFormatError } from './kernel-ring.ts';
import type { RecordSink } from './ring-reader.ts';

const STRIDE = 72;
const ALL = Number.MAX_SAFE_INTEGER;
const SIZE = 4096;
/** 4096 bytes hold 56 strides and 64 bytes, of which one byte must stay free. */
const CAPACITY = 56;

/** Copies each record out of the span, as the real sink does. */
function collector(): { numbers: number[]; spans: number[]; sink: RecordSink } {
  const numbers: number[] = [];
  const spans: number[] = [];
  const sink: RecordSink = (memory, start, count) => {
    spans.push(count);
    for (let i = 0; i < count; i++) {
      const at = start + i * STRIDE + 8;
      numbers.push(recordNumber(memory.subarray(at, at + PACKET_LOG_SIZE)));
    }
  };
  return { numbers, spans, sink };
}

function writeNumbers(fake: FakeRing, first: number, count: number): void {
  for (let i = first; i < first + count; i++) expect(fake.write(numberedRecord(i))).toBe(true);
}

const range = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);

describe('KernelRing', () => {
  it('finds nothing in a new ring', () => {
    const ring = new KernelRing(new FakeRing(SIZE).memory);
    expect(ring.drain(collector().sink, ALL)).toEqual({ records: 0, bytes: 0, discarded: 0 });
    expect(ring.pending()).toBe(0);
  });

  it('passes on committed records in order and returns their bytes', () => {
    const fake = new FakeRing(SIZE);
    const ring = new KernelRing(fake.memory);
    writeNumbers(fake, 0, 5);
    const { numbers, spans, sink } = collector();
    expect(ring.pending()).toBe(5 * STRIDE);
    expect(ring.drain(sink, ALL)).toEqual({ records: 5, bytes: 5 * STRIDE, discarded: 0 });
    expect(numbers).toEqual([0, 1, 2, 3, 4]);
    expect(spans).toEqual([5]);
    expect(ring.pending()).toBe(0);
  });

  it.each([0, 2 ** 32 - 4096, 2 ** 32 - 40, 2 ** 40 - 80, 2 ** 40 + 8])(
    'goes on over the end of the memory and of 32 bits, from position %d',
    (start) => {
      const begin = Math.floor(start / 8) * 8;
      const fake = new FakeRing(SIZE, begin);
      const ring = new KernelRing(fake.memory);
      const { numbers, sink } = collector();
      for (let round = 0; round < 10; round++) {
        writeNumbers(fake, round * 50, 50);
        expect(ring.drain(sink, ALL).records).toBe(50);
        ring.commit('wakeOnNext');
      }
      expect(numbers).toEqual(range(0, 500));
      expect(fake.consumer).toBe(begin + 500 * STRIDE);
    },
  );

  it('passes on at most 64 KiB at once, and still everything', () => {
    const fake = new FakeRing(1 << 20);
    const ring = new KernelRing(fake.memory);
    writeNumbers(fake, 0, 10_000);
    const { numbers, spans, sink } = collector();
    expect(ring.drain(sink, ALL).records).toBe(10_000);
    expect(numbers).toEqual(range(0, 10_000));
    expect(Math.max(...spans) * STRIDE).toBeLessThan(64 * 1024 + STRIDE);
  });

  it('stops at the budget, and continues there', () => {
    const fake = new FakeRing(SIZE);
    const ring = new KernelRing(fake.memory);
    writeNumbers(fake, 0, 50);
    const { numbers, sink } = collector();
    expect(ring.drain(sink, 10 * STRIDE)).toEqual({ records: 10, bytes: 10 * STRIDE, discarded: 0 });
    // A budget that ends inside a record is exceeded by less than one record.
    expect(ring.drain(sink, 10 * STRIDE + 1).records).toBe(11);
    expect(ring.pending()).toBe(29 * STRIDE);
    expect(ring.drain(sink, ALL).records).toBe(29);
    expect(numbers).toEqual(range(0, 50));
  });

  it('stops at a record that is being written, and reads it once it is committed', () => {
    const fake = new FakeRing(SIZE);
    const ring = new KernelRing(fake.memory);
    writeNumbers(fake, 0, 3);
    const position = fake.reserve() ?? Number.NaN;
    const { numbers, sink } = collector();
    expect(ring.drain(sink, ALL).records).toBe(3);
    expect(ring.drain(sink, ALL)).toEqual({ records: 0, bytes: 0, discarded: 0 });
    expect(ring.pending()).toBe(STRIDE);
    fake.fill(position, numberedRecord(3));
    fake.commit(position);
    expect(ring.drain(sink, ALL).records).toBe(1);
    expect(numbers).toEqual([0, 1, 2, 3]);
  });

  it('stops at a record that is being written even if committed ones follow (a preempted writer)', () => {
    const fake = new FakeRing(SIZE);
    const ring = new KernelRing(fake.memory);
    const position = fake.reserve() ?? Number.NaN;
    writeNumbers(fake, 1, 2);
    const { numbers, sink } = collector();
    expect(ring.drain(sink, ALL).records).toBe(0);
    fake.fill(position, numberedRecord(0));
    fake.commit(position);
    expect(ring.drain(sink, ALL).records).toBe(3);
    expect(numbers).toEqual([0, 1, 2]);
  });

  it.each([1, 8, 63, 64, 65, 200])('skips a discarded record of %d bytes', (length) => {
    const fake = new FakeRing(SIZE);
    const ring = new KernelRing(fake.memory);
    writeNumbers(fake, 0, 2);
    fake.commit(fake.reserve(length) ?? Number.NaN, 'discard');
    writeNumbers(fake, 2, 2);
    const { numbers, sink } = collector();
    const bytes = 4 * STRIDE + 8 + Math.ceil(length / 8) * 8;
    expect(ring.drain(sink, ALL)).toEqual({ records: 4, bytes, discarded: 1 });
    expect(numbers).toEqual([0, 1, 2, 3]);
  });

  it.each([0, 1, 63, 72, 4000])('raises RingFormatError for a committed record of %d bytes', (length) => {
    const fake = new FakeRing(SIZE);
    const ring = new KernelRing(fake.memory);
    fake.commit(fake.reserve(length) ?? Number.NaN);
    expect(() => ring.drain(collector().sink, ALL)).toThrow(RingFormatError);
    expect(() => ring.drain(collector().sink, ALL)).toThrow(`record of ${length} bytes at position 0`);
  });

  it('keeps a full ring full until it commits', () => {
    const fake = new FakeRing(SIZE);
    const ring = new KernelRing(fake.memory);
    writeNumbers(fake, 0, CAPACITY);
    expect(fake.write(numberedRecord(99))).toBe(false);
    const { numbers, sink } = collector();
    expect(ring.drain(sink, ALL).records).toBe(CAPACITY);
    expect(fake.write(numberedRecord(99))).toBe(false);
    ring.commit('holdLast');
    // All but the one held back.
    writeNumbers(fake, CAPACITY, CAPACITY - 1);
    expect(fake.write(numberedRecord(99))).toBe(false);
    ring.drain(sink, ALL);
    expect(numbers).toEqual(range(0, 2 * CAPACITY - 1));
  });

  it('holds one record back, releases it on a commit to be woken, and never moves back', () => {
    const fake = new FakeRing(SIZE, 720);
    const ring = new KernelRing(fake.memory);
    const { sink } = collector();
    writeNumbers(fake, 0, 3);
    ring.commit('wakeOnNext');
    expect(fake.consumer).toBe(720);
    ring.drain(sink, ALL);
    expect(fake.consumer).toBe(720);
    ring.commit('holdLast');
    expect(fake.consumer).toBe(720 + 2 * STRIDE);
    ring.commit('wakeOnNext');
    expect(fake.consumer).toBe(720 + 3 * STRIDE);
    ring.commit('holdLast');
    expect(fake.consumer).toBe(720 + 3 * STRIDE);
  });

  it('passes the record that it holds back on only once, also if it is killed', () => {
    const fake = new FakeRing(SIZE, 720);
    const { numbers, sink } = collector();
    const killed = new KernelRing(fake.memory);
    writeNumbers(fake, 0, 3);
    killed.drain(sink, ALL);
    killed.commit('holdLast');
    writeNumbers(fake, 3, 2);
    const next = new KernelRing(fake.memory);
    expect([next.records, next.pending()]).toEqual([13, 2 * STRIDE]);
    next.drain(sink, ALL);
    expect(numbers).toEqual(range(0, 5));
  });

  it('reads again what a killed reader had not committed', () => {
    const fake = new FakeRing(SIZE);
    writeNumbers(fake, 0, 3);
    new KernelRing(fake.memory).drain(collector().sink, ALL);
    const { numbers, sink } = collector();
    new KernelRing(fake.memory).drain(sink, ALL);
    expect(numbers).toEqual(range(0, 3));
  });

  it.each([
    ['older than the release, as after an earlier version', 72],
    ['beyond what was written', 7200],
  ])('ignores a read position %s', (_, position) => {
    const fake = new FakeRing(SIZE, 720);
    fake.memory.consumer[1] = BigInt(position);
    expect(new KernelRing(fake.memory).records).toBe(10);
  });

  it('holds nothing back from a ring of which nothing was read', () => {
    const fake = new FakeRing(SIZE);
    const ring = new KernelRing(fake.memory);
    ring.commit('holdLast');
    expect(fake.consumer).toBe(0);
  });

  it('is not signalled while it holds a record back, but after it released everything', () => {
    const fake = new FakeRing(SIZE);
    const ring = new KernelRing(fake.memory);
    const commitOne = (): boolean => {
      const position = fake.reserve() ?? Number.NaN;
      fake.fill(position, numberedRecord(0));
      return fake.commit(position);
    };
    expect(commitOne()).toBe(true);
    ring.drain(collector().sink, ALL);
    ring.commit('holdLast');
    expect([commitOne(), commitOne()]).toEqual([false, false]);
    ring.drain(collector().sink, ALL);
    ring.commit('wakeOnNext');
    expect([commitOne(), commitOne()]).toEqual([true, false]);
  });
});

/** The program on one CPU: it ends a record before it begins the next. */
class Writer {
  written = 0;
  readonly #fake: FakeRing;
  #busy: number | undefined;

  constructor(fake: FakeRing) {
    this.#fake = fake;
  }

  act(action: { do: 'write'; count: number } | { do: 'reserve' } | { do: 'discard'; length: number }): void {
    this.commit();
    if (action.do === 'reserve') this.#busy = this.#fake.reserve();
    else if (action.do === 'write') this.#write(action.count);
    else this.#discard(action.length);
  }

  commit(): void {
    if (this.#busy === undefined) return;
    this.#fake.fill(this.#busy, numberedRecord(this.written++));
    this.#fake.commit(this.#busy);
    this.#busy = undefined;
  }

  #write(count: number): void {
    for (let i = 0; i < count && this.#fake.write(numberedRecord(this.written)); i++) this.written++;
  }

  #discard(length: number): void {
    const position = this.#fake.reserve(length);
    if (position !== undefined) this.#fake.commit(position, 'discard');
  }
}

const reserve = fc.constant({ do: 'reserve' as const });
const write = fc.integer({ min: 1, max: 40 }).map((count) => ({ do: 'write' as const, count }));
const discard = fc.integer({ min: 1, max: 300 }).map((length) => ({ do: 'discard' as const, length }));
const drain = fc.integer({ min: 1, max: 9000 }).map((budget) => ({ do: 'drain' as const, budget }));
const readerCommit = fc
  .constantFrom('holdLast' as const, 'wakeOnNext' as const)
  .map((mode) => ({ do: 'commit' as const, mode }));
/** What may happen to a ring, in any order. */
const step = fc.oneof(
  { weight: 6, arbitrary: write },
  { weight: 2, arbitrary: reserve },
  { weight: 1, arbitrary: discard },
  { weight: 4, arbitrary: drain },
  { weight: 3, arbitrary: readerCommit },
);

describe('KernelRing under any interleaving', () => {
  const start = fc.constantFrom(0, 2 ** 32 - 8 * 100, 2 ** 32 - 8, 2 ** 40 - 8 * 33, 2 ** 52);
  const size = fc.constantFrom(4096, 8192, 65_536);

  it('delivers every committed record exactly once, in order, intact, and never releases space twice', () => {
    fc.assert(
      fc.property(size, start, fc.array(step, { maxLength: 80 }), (bytes, begin, steps) => {
        const fake = new FakeRing(bytes, begin);
        const ring = new KernelRing(fake.memory);
        const writer = new Writer(fake);
        const { numbers, sink } = collector();
        let drained = begin;
        for (const each of steps) {
          const before = fake.consumer;
          if (each.do === 'drain') drained += ring.drain(sink, each.budget).bytes;
          else if (each.do === 'commit') ring.commit(each.mode);
          else writer.act(each);
          expect(fake.consumer).toBeGreaterThanOrEqual(before);
          expect(fake.consumer).toBeLessThanOrEqual(drained);
          expect(ring.pending()).toBe(fake.producer - drained);
        }
        writer.commit();
        ring.drain(sink, ALL);
        expect(numbers).toEqual(range(0, writer.written));
        expect(ring.pending()).toBe(0);
        ring.commit('wakeOnNext');
        expect(fake.consumer).toBe(fake.producer);
      }),
      { numRuns: 300 },
    );
  });
});
