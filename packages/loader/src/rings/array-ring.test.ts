import { PACKET_LOG_SIZE } from '@packetlog/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numberedRecord, recordNumber } from '../../test/support/fake-ring.ts';
import { ArrayRing } from './array-ring.ts';

/** The program's half of the ring (packages/bpf/src/xdp/array_ring.h), in the test. */
class FakeArrayRing {
  readonly memory: ConstructorParameters<typeof ArrayRing>[0];
  rung = 0;
  readonly #size: number;

  constructor(records: number, start = 0) {
    this.#size = records;
    this.memory = {
      producer: BigUint64Array.of(BigInt(start)),
      consumer: BigUint64Array.of(BigInt(start), 0n, 0n),
      records: new Uint8Array(records * PACKET_LOG_SIZE),
    };
  }

  /** As emit_array: returns false if the ring is full. */
  write(record: Uint8Array): boolean {
    const { producer, consumer, records } = this.memory;
    const position = Number(producer[0]);
    if (position - Number(consumer[0]) >= this.#size) return false;
    records.set(record, (position % this.#size) * PACKET_LOG_SIZE);
    producer[0] = BigInt(position + 1);
    if (consumer[2] === 0n && consumer[1] === 1n) {
      consumer[1] = 0n;
      this.rung++;
    }
    return true;
  }
}

function numbers(ring: ArrayRing, maxBytes = Number.MAX_SAFE_INTEGER): number[] {
  const read: number[] = [];
  ring.drain((memory, start, count) => {
    for (let i = 0; i < count; i++) {
      const at = start + i * PACKET_LOG_SIZE;
      read.push(recordNumber(memory.slice(at, at + PACKET_LOG_SIZE)));
    }
  }, maxBytes);
  return read;
}

describe('an array ring', () => {
  it('finds nothing in a new ring', () => {
    expect(numbers(new ArrayRing(new FakeArrayRing(8).memory))).toEqual([]);
  });

  it.each([0, 2 ** 32 - 3, 2 ** 40 - 3])('wraps, from position %d on', (start) => {
    const fake = new FakeArrayRing(8, start);
    const ring = new ArrayRing(fake.memory);
    for (let round = 0; round < 5; round++) {
      const wanted = Array.from({ length: 6 }, (_, i) => round * 6 + i);
      for (const number of wanted) expect(fake.write(numberedRecord(number))).toBe(true);
      expect(numbers(ring)).toEqual(wanted);
      ring.commit('holdLast');
    }
  });

  it('is full until it commits, and then holds as much again', () => {
    const fake = new FakeArrayRing(4);
    const ring = new ArrayRing(fake.memory);
    const write = () => fake.write(numberedRecord(0));
    expect([write(), write(), write(), write(), write()]).toEqual([true, true, true, true, false]);
    numbers(ring);
    expect(write()).toBe(false);
    ring.commit('holdLast');
    expect([write(), write(), write(), write(), write()]).toEqual([true, true, true, true, false]);
  });

  it('stops at the budget, and continues there', () => {
    const fake = new FakeArrayRing(8);
    const ring = new ArrayRing(fake.memory);
    for (let i = 0; i < 5; i++) fake.write(numberedRecord(i));
    expect(numbers(ring, 2 * PACKET_LOG_SIZE)).toEqual([0, 1]);
    expect(ring.pending()).toBe(3 * PACKET_LOG_SIZE);
    expect(numbers(ring)).toEqual([2, 3, 4]);
  });

  it('is rung once after a commit that asks for it, and not while it holds the last record', () => {
    const fake = new FakeArrayRing(8);
    const ring = new ArrayRing(fake.memory);
    fake.write(numberedRecord(0));
    expect(fake.rung).toBe(0);
    ring.commit('wakeOnNext');
    fake.write(numberedRecord(1));
    fake.write(numberedRecord(2));
    expect(fake.rung).toBe(1);
    ring.commit('wakeOnNext');
    ring.commit('holdLast');
    fake.write(numberedRecord(3));
    expect(fake.rung).toBe(1);
  });

  it('is polling until another commit ends that, and a later reader finds the flag', () => {
    const fake = new FakeArrayRing(8);
    const ring = new ArrayRing(fake.memory);
    const polling = () => fake.memory.consumer[2];
    for (const [mode, wanted] of [
      ['polling', 1n],
      ['holdLast', 0n],
      ['polling', 1n],
      ['wakeOnNext', 0n],
    ] as const) {
      ring.commit(mode);
      expect(polling()).toBe(wanted);
    }
    expect(new ArrayRing(fake.memory).stopPolling()).toBe(false);
    ring.commit('polling');
    expect(new ArrayRing(fake.memory).stopPolling()).toBe(true);
    expect(polling()).toBe(0n);
  });

  it('loses no wake-up: either its last poll finds the record, or the writer rings', () => {
    for (const arrives of ['before the flag', 'after the flag'] as const) {
      const fake = new FakeArrayRing(8);
      const ring = new ArrayRing(fake.memory);
      numbers(ring);
      if (arrives === 'before the flag') fake.write(numberedRecord(0));
      ring.commit('wakeOnNext');
      if (arrives === 'after the flag') fake.write(numberedRecord(0));
      expect(numbers(ring).length + fake.rung).toBeGreaterThan(0);
    }
  });

  it('delivers every record exactly once, in order, intact, whatever the order of steps', () => {
    const step = fc.oneof(
      fc.constant('write' as const),
      fc.record({ maxBytes: fc.integer({ min: 64, max: 1024 }) }),
      fc.constantFrom('holdLast' as const, 'polling' as const, 'wakeOnNext' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.nat(2 ** 33), (steps, start) => {
        const fake = new FakeArrayRing(8, start);
        const ring = new ArrayRing(fake.memory);
        const read: number[] = [];
        let written = 0;
        for (const each of steps) {
          if (each === 'write') written += fake.write(numberedRecord(written)) ? 1 : 0;
          else if (typeof each === 'string') ring.commit(each);
          else read.push(...numbers(ring, each.maxBytes));
        }
        read.push(...numbers(ring));
        expect(read).toEqual(Array.from({ length: written }, (_, i) => i));
      }),
    );
  });
});
