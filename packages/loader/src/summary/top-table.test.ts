import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TopTable } from './top-table.ts';

/** Half of the table's slots. */
const MOST_KEYS = 8192;

type Key = readonly [number, number, number, number];

/** The same with a Map. */
function naive(adds: readonly (readonly [Key, number, number])[]) {
  const totals = new Map<string, { key: Key; packets: number; bytes: number }>();
  let evicted = 0;
  for (const [key, packets, bytes] of adds) {
    const known = totals.get(key.join());
    if (known) {
      known.packets += packets;
      known.bytes += bytes;
    } else if (totals.size < MOST_KEYS) totals.set(key.join(), { key, packets, bytes });
    else evicted += packets;
  }
  return { totals, evicted };
}

function filled(adds: readonly (readonly [Key, number, number])[], table = new TopTable()): TopTable {
  for (const [[a, b, c, d], packets, bytes] of adds) table.add(a, b, c, d, packets, bytes);
  return table;
}

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
/** Few different words, so that keys share parts, and the extremes. */
const word = fc.oneof(fc.constantFrom(0, 1, 0xffff_ffff, 0x8000_0000), fc.nat(5), u32);
const adds = fc.array(fc.tuple(fc.tuple(word, word, word, word), fc.integer({ min: 1, max: 65_535 }), fc.nat(9000)), {
  maxLength: 300,
});

describe('TopTable', () => {
  it('sums as a Map does, whatever the keys, and lists most packets first', () => {
    fc.assert(
      fc.property(adds, adds, (first, second) => {
        const table = filled(first);
        table.clear();
        const { totals } = naive(second);
        const top = filled(second, table).top(10_000);
        expect(new Map(top.map((entry) => [entry.key.join(), entry]))).toEqual(totals);
        expect(top).toHaveLength(totals.size);
        const packets = top.map((entry) => entry.packets);
        expect(packets).toEqual([...packets].sort((x, y) => y - x));
        expect(table.evicted).toBe(0);
      }),
    );
  });

  it('gives no more than asked for, and nothing when empty', () => {
    const table = filled([
      [[1, 0, 0, 0], 5, 50],
      [[2, 0, 0, 0], 9, 90],
      [[3, 0, 0, 0], 7, 70],
    ]);
    expect(table.top(2).map(({ key, packets, bytes }) => [key[0], packets, bytes])).toEqual([
      [2, 9, 90],
      [3, 7, 70],
    ]);
    table.clear();
    expect(table.top(2)).toEqual([]);
  });

  it('counts exactly what found it full; known keys go on being summed', () => {
    const many = Array.from({ length: MOST_KEYS + 500 }, (_, i) => [[i, 7, i * 31, ~i >>> 0], 1 + (i % 3), i] as const);
    const again = many.map(([key]) => [key, 10, 1] as const);
    const { totals, evicted } = naive([...many, ...again]);
    const table = filled([...many, ...again]);
    expect(table.evicted).toBe(evicted);
    expect(evicted).toBeGreaterThan(0);
    const top = table.top(20_000);
    expect(new Map(top.map((entry) => [entry.key.join(), entry]))).toEqual(totals);
    const sum = top.reduce((packets, entry) => packets + entry.packets, 0);
    expect(sum + table.evicted).toBe([...many, ...again].reduce((packets, [, each]) => packets + each, 0));
  });

  it('begins anew after clear, often', () => {
    const table = new TopTable();
    for (let round = 0; round < 100; round++) {
      for (let i = 0; i < 200; i++) table.add(i, round, 0, 0, 1, 1);
      expect(table.top(1000)).toHaveLength(200);
      table.clear();
      expect(table.evicted).toBe(0);
    }
  });
});

describe('against addresses chosen to collide', () => {
  /** Keys that the multipliers 0x9e3779b1, 0x85ebca6b, 0xc2b2ae35 and 0x27d4eb2f, which are public, would put into one slot. */
  function colliding(count: number): number[] {
    const keys: number[] = [];
    for (let d = 0; keys.length < count; d++) {
      let h = Math.imul(0xffff_0000, 0xc2b2_ae35) ^ Math.imul(d, 0x27d4_eb2f);
      h = Math.imul(h ^ (h >>> 15), 0x2c1b_3c6d);
      if (((h ^ (h >>> 13)) & 16_383) === 5) keys.push(d);
    }
    return keys;
  }

  it('it stays about as quick as with others', () => {
    const nanoseconds = (keys: readonly number[]): number => {
      const table = new TopTable();
      const rounds = Array.from({ length: 5 }, () => {
        const began = performance.now();
        for (const key of keys) table.add(0, 0, 0xffff_0000, key, 1, 1);
        return performance.now() - began;
      });
      return (Math.min(...rounds.slice(1)) * 1e6) / keys.length;
    };
    const chosen = nanoseconds(colliding(2048));
    // One slot for all would take thousands of nanoseconds for each.
    expect(chosen).toBeLessThan(1000);
  });
});
