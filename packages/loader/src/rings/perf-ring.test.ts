import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numberedRecord, recordNumber } from '../../test/support/fake-ring.ts';
import { RingFormatError } from './kernel-ring.ts';
import { PerfRing } from './perf-ring.ts';

const SAMPLE = 80;
const LOST = 24;

/** The kernel's half (kernel/events/ring_buffer.c), played by the test. */
class FakePerfRing {
  readonly memory: ConstructorParameters<typeof PerfRing>[0];

  constructor(bytes: number, start = 0) {
    this.memory = {
      head: BigUint64Array.of(BigInt(start)),
      tail: BigUint64Array.of(BigInt(start)),
      data: new Uint8Array(bytes),
    };
  }

  /** Returns false if there is no room. */
  write(bytes: Uint8Array): boolean {
    const { head, tail, data } = this.memory;
    const position = Number(head[0]);
    if (position + bytes.length - Number(tail[0]) > data.length) return false;
    for (const [i, byte] of bytes.entries()) data[(position + i) % data.length] = byte;
    head[0] = BigInt(position + bytes.length);
    return true;
  }
}

function event(type: number, bytes: number): { all: Uint8Array; view: DataView } {
  const all = new Uint8Array(bytes);
  const view = new DataView(all.buffer);
  view.setUint32(0, type, true);
  view.setUint16(6, bytes, true);
  return { all, view };
}

function sample(number: number): Uint8Array {
  const { all, view } = event(9, SAMPLE);
  view.setUint32(8, SAMPLE - 12, true);
  all.set(numberedRecord(number), 12);
  return all;
}

function lost(count: number): Uint8Array {
  const { all, view } = event(2, LOST);
  view.setBigUint64(16, BigInt(count), true);
  return all;
}

function numbers(ring: PerfRing, maxBytes = Number.MAX_SAFE_INTEGER): number[] {
  const read: number[] = [];
  ring.drain((memory, start, count) => {
    for (let i = 0; i < count; i++) {
      const at = start + i * ring.stride + ring.recordOffset;
      read.push(recordNumber(memory.slice(at, at + 64)));
    }
  }, maxBytes);
  return read;
}

describe('a perf event buffer', () => {
  it('delivers records that wrap at the end, in sizes that do not divide', () => {
    const fake = new FakePerfRing(256, 2 ** 32 - 32);
    const ring = new PerfRing(fake.memory);
    for (let i = 0; i < 20; i += 2) {
      expect([fake.write(sample(i)), fake.write(sample(i + 1))]).toEqual([true, true]);
      expect(numbers(ring)).toEqual([i, i + 1]);
      ring.commit();
    }
  });

  it('counts what the kernel lost, between the samples', () => {
    const fake = new FakePerfRing(1024);
    const ring = new PerfRing(fake.memory);
    for (const bytes of [sample(1), lost(7), sample(2), lost(3)]) fake.write(bytes);
    expect(numbers(ring)).toEqual([1, 2]);
    expect(ring.lost).toBe(10);
    expect(ring.pending()).toBe(0);
  });

  it('skips events of other types', () => {
    const fake = new FakePerfRing(1024);
    const ring = new PerfRing(fake.memory);
    for (const bytes of [event(13, 32).all, sample(5)]) fake.write(bytes);
    expect(numbers(ring)).toEqual([5]);
  });

  it.each([
    ['a sample of another size', () => event(9, 88).all],
    ['an event without a size', () => new Uint8Array(8)],
  ])('rejects %s', (_, make) => {
    const fake = new FakePerfRing(1024);
    fake.write(make());
    expect(() => numbers(new PerfRing(fake.memory))).toThrow(RingFormatError);
  });

  it('delivers every sample once, in order, and every loss, whatever the order of steps', () => {
    const step = fc.oneof(
      fc.constantFrom('write' as const, 'lose' as const, 'commit' as const),
      fc.record({ maxBytes: fc.integer({ min: 1, max: 400 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), fc.nat(2 ** 20), (steps, start) => {
        const both = new WriterAndReader(start * 8);
        for (const each of steps) {
          if (typeof each === 'string') both[each]();
          else both.read(each.maxBytes);
        }
        both.read(Number.MAX_SAFE_INTEGER);
        expect(both.numbers).toEqual(Array.from({ length: both.written }, (_, i) => i));
        expect(both.ring.lost).toBe(both.missing);
      }),
    );
  });
});

class WriterAndReader {
  readonly ring: PerfRing;
  readonly numbers: number[] = [];
  written = 0;
  missing = 0;
  readonly #fake: FakePerfRing;

  constructor(start: number) {
    this.#fake = new FakePerfRing(512, start);
    this.ring = new PerfRing(this.#fake.memory);
  }

  write(): void {
    if (this.#fake.write(sample(this.written))) this.written++;
  }

  lose(): void {
    if (this.#fake.write(lost(3))) this.missing += 3;
  }

  commit(): void {
    this.ring.commit();
  }

  read(maxBytes: number): void {
    this.numbers.push(...numbers(this.ring, maxBytes));
  }
}
