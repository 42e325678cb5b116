import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numberedRecord, recordNumber } from '../../../test/support/fake-ring.ts';
import { makeSlabMemory, SLAB_BYTES, Slabs } from '../../ipc/slabs.ts';
import { SlabWriter } from './slab-writer.ts';

const STRIDE = 72;
const PER_SLAB = Math.floor(SLAB_BYTES / STRIDE);

interface Passed {
  slab: number;
  numbers: number[];
  skipped: number;
}

/** A slab writer whose serving side keeps every slab until `release` is called. */
function slabWriter(slabCount: number, rowsPerSecond = Number.POSITIVE_INFINITY) {
  const slabs = new Slabs(makeSlabMemory(slabCount));
  const time = { now: 0 };
  const passed: Passed[] = [];
  const held: number[] = [];
  let skippedAlone = 0;
  const it = new SlabWriter({
    slabs,
    stride: STRIDE,
    recordOffset: 8,
    rowsPerSecond,
    now: () => time.now,
    post: (slab, count, skipped) => {
      held.push(slab);
      const bytes = slabs.bytes(slab);
      const numbers = Array.from({ length: count }, (_, i) =>
        recordNumber(bytes.slice(i * STRIDE + 8, (i + 1) * STRIDE)),
      );
      passed.push({ slab, numbers, skipped });
      return true;
    },
    postSkipped: (skipped) => {
      skippedAlone += skipped;
    },
  });
  let next = 0;
  return {
    it,
    slabs,
    time,
    passed,
    held,
    release: () => {
      const slab = held.shift();
      if (slab !== undefined) slabs.release(slab);
    },
    /** Adds `count` numbered records, as they lie in a ring. */
    add: (count: number) => {
      const memory = new Uint8Array(16 + count * STRIDE);
      for (let i = 0; i < count; i++) memory.set(numberedRecord(next++), 16 + i * STRIDE + 8);
      it.add(memory, 16, count);
      memory.fill(0xee);
    },
    skipped: () => skippedAlone + passed.reduce((sum, each) => sum + each.skipped, 0),
    delivered: () => passed.flatMap(({ numbers }) => numbers),
  };
}

describe('SlabWriter', () => {
  it('keeps records until it is flushed, then passes on a copy', () => {
    const { it: over, add, passed } = slabWriter(2);
    add(3);
    expect(over.pending).toBe(3);
    expect(passed).toEqual([]);
    over.flush(false);
    expect(passed).toEqual([{ slab: 0, numbers: [0, 1, 2], skipped: 0 }]);
    expect(over.pending).toBe(0);
    expect(over.counts).toEqual({ offered: 3, delivered: 3, dropped: 0, withheld: 0 });
  });

  it('fills a slab further while the serving thread has the last one, unless forced', () => {
    const { it: over, add, passed, release } = slabWriter(4);
    add(1);
    over.flush(false);
    add(1);
    over.flush(false);
    add(1);
    over.flush(false);
    expect([passed.length, over.pending]).toEqual([1, 2]);
    release();
    over.flush(false);
    add(1);
    over.flush(true);
    expect(passed.map(({ numbers }) => numbers)).toEqual([[0], [1, 2], [3]]);
  });

  it('passes rows on unforced again and again in one slab that comes back each time', () => {
    const waiter = slabWriter(2);
    for (let round = 0; round < 3; round++) {
      waiter.add(1);
      waiter.it.flush(false);
      waiter.release();
    }
    expect(waiter.passed.map(({ slab }) => slab)).toEqual([0, 0, 0]);
    expect(waiter.delivered()).toEqual([0, 1, 2]);
  });

  it('passes a full slab on at once', () => {
    const { it: over, add, passed } = slabWriter(4);
    add(2 * PER_SLAB + 1);
    expect(passed.map(({ numbers }) => numbers.length)).toEqual([PER_SLAB, PER_SLAB]);
    expect(over.pending).toBe(1);
  });

  it('loses and counts records without a free slab, and continues when one is returned', () => {
    const { it: over, add, release, delivered } = slabWriter(2);
    add(3 * PER_SLAB);
    expect(over.counts).toEqual({ offered: 3 * PER_SLAB, delivered: 2 * PER_SLAB, dropped: PER_SLAB, withheld: 0 });
    release();
    add(1);
    over.flush(true);
    expect(delivered().at(-1)).toBe(3 * PER_SLAB);
    expect(over.counts.dropped).toBe(PER_SLAB);
  });

  it('withholds rows over the limit, spread evenly, and reports how many with the next rows', () => {
    const { it: over, add, passed } = slabWriter(2, 50);
    add(100);
    over.flush(true);
    expect(passed).toEqual([{ slab: 0, numbers: [0, 10, 20, 30, 40, 50, 60, 70, 80, 90], skipped: 90 }]);
    expect(over.counts).toEqual({ offered: 100, delivered: 10, dropped: 0, withheld: 90 });
  });

  it('reports what was withheld even without rows, once', () => {
    const { it: over, add, passed, skipped } = slabWriter(2, 0);
    add(3);
    expect(over.takeSkipped()).toBe(3);
    add(7);
    over.flush(true);
    over.flush(true);
    expect(passed).toEqual([]);
    expect(skipped()).toBe(7);
  });

  it('puts the rows of a slab in order of their times, as several rings fill it', () => {
    const { it: over, passed } = slabWriter(2);
    const ring = (...numbers: number[]) => {
      const memory = new Uint8Array(numbers.length * STRIDE);
      for (const [i, number] of numbers.entries()) memory.set(numberedRecord(number), i * STRIDE + 8);
      over.add(memory, 0, numbers.length);
    };
    ring(1, 4, 9);
    ring(0, 2, 5, 8);
    over.flush(true);
    expect(passed[0]?.numbers).toEqual([0, 1, 2, 4, 5, 8, 9]);
  });

  it('applies a new limit', () => {
    const { it: over, add, time } = slabWriter(2, 0);
    over.want(Number.POSITIVE_INFINITY);
    add(5);
    over.want(0);
    time.now = 1000;
    add(5);
    expect(over.counts).toMatchObject({ offered: 10, withheld: 5 });
    expect(over.pending).toBe(5);
  });

  it('conserves records under any sequence, and what it delivers is intact and in order', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('add' as const), count: fc.integer({ min: 0, max: 2500 }) }),
      fc.record({ do: fc.constant('flush' as const), force: fc.boolean() }),
      fc.record({ do: fc.constant('release' as const) }),
      fc.record({ do: fc.constant('want' as const), rows: fc.constantFrom(0, 10, 5000, Number.POSITIVE_INFINITY) }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.nat(300) }),
    );
    let sawDrop = false;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 60 }), (slabCount, steps) => {
        const lab = slabWriter(slabCount);
        for (const each of steps) {
          if (each.do === 'add') lab.add(each.count);
          else if (each.do === 'flush') lab.it.flush(each.force);
          else if (each.do === 'release') lab.release();
          else if (each.do === 'want') lab.it.want(each.rows);
          else lab.time.now += each.ms;
          const { offered, delivered, dropped, withheld } = lab.it.counts;
          expect(offered).toBe(delivered + dropped + withheld + lab.it.pending);
          sawDrop ||= dropped > 0;
        }
        lab.it.flush(true);
        const { counts } = lab.it;
        const numbers = lab.delivered();
        expect(numbers).toHaveLength(counts.delivered);
        expect(numbers.every((number, i) => i === 0 || number > (numbers[i - 1] ?? Infinity))).toBe(true);
        lab.it.flush(true);
        expect(lab.skipped()).toBe(counts.withheld);
        expect(lab.it.pending).toBe(0);
      }),
      {
        numRuns: 100,
        // One slab, and it is with the reader.
        examples: [
          [
            1,
            [
              { do: 'add', count: 2500 },
              { do: 'flush', force: true },
              { do: 'add', count: 2500 },
            ],
          ],
        ],
      },
    );
    expect(sawDrop).toBe(true);
  });
});
