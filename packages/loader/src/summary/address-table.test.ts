import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressTable, NO_NUMBER } from './address-table.ts';

const LIMIT = 512;
const LARGEST = 8192;

type Key = readonly [number, number, number, number];

const i32 = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
/** A few different words, so that keys share parts, and the extremes. */
const word = fc.oneof(fc.constantFrom(0, 1, -1, -0x8000_0000), fc.nat(5), i32);
const keys = fc.array(fc.tuple(word, word, word, word), { maxLength: 300 });

describe('AddressTable', () => {
  it('numbers addresses from 1 in the order of arrival, independent of earlier contents', () => {
    fc.assert(
      fc.property(keys, keys, (before, after) => {
        const table = new AddressTable(LIMIT);
        for (const key of before) table.find(...key);
        table.clear();
        const numbers = new Map<string, number>();
        for (const key of after) {
          const number = table.find(...key);
          if (!numbers.has(key.join())) numbers.set(key.join(), numbers.size + 1);
          expect(number).toBe(numbers.get(key.join()));
          expect(new Int32Array(table.address(number).buffer)).toEqual(Int32Array.from(key));
        }
        expect(table.size).toBe(numbers.size);
      }),
    );
  });

  it('has two sums for each address, initially zero', () => {
    const table = new AddressTable(LIMIT);
    for (const _ of ['once', 'again']) {
      const numbers = [table.find(1, 2, 3, 4), table.find(-1, -2, -3, -4)];
      for (const number of numbers) {
        expect([...table.sums.subarray(number * 4 + 2, number * 4 + 4)]).toEqual([0, 0]);
        table.sums.fill(number + 7, number * 4 + 2, number * 4 + 4);
      }
      expect(new Int32Array(table.address(1).buffer)).toEqual(Int32Array.of(1, 2, 3, 4));
      table.clear();
    }
  });

  it.each([LIMIT, LARGEST])('keeps its %d addresses when it is full, and accepts no others until cleared', (limit) => {
    const table = new AddressTable(limit);
    const key = (i: number): Key => [i, 7, i * 31, ~i];
    const all = Array.from({ length: limit }, (_, i) => i + 1);
    const others = Array.from({ length: 3 * limit }, (_, i) => limit + i + 1);
    for (const _ of ['new', 'known']) {
      expect(all.map((i) => table.find(...key(i)))).toEqual(all);
      expect(new Set(others.map((i) => table.find(...key(i))))).toEqual(new Set([NO_NUMBER]));
      expect(table.find(0, 0, 0, 0)).toBe(NO_NUMBER);
      expect(table.size).toBe(limit);
    }
    table.clear();
    expect(table.find(...key(limit + 1))).toBe(1);
    expect(table.find(0, 0, 0, 0)).toBe(2);
  });

  it('sums addresses without a number, too, until cleared', () => {
    const table = new AddressTable(2);
    for (const round of [1, 2]) {
      for (const word of [5, 6, 7, 8, 5]) table.add(table.find(word, 0, 0, 0), round, 10 * round);
      const sums = [NO_NUMBER, 1, 2].map((number) => [...table.sums.subarray(number * 4 + 2, number * 4 + 4)]);
      expect(sums).toEqual([
        [2 * round, 20 * round],
        [2 * round, 20 * round],
        [round, 10 * round],
      ]);
      table.clear();
    }
  });

  it('does not mistake the last address of the previous round for one of this round', () => {
    const table = new AddressTable(LIMIT);
    table.find(1, 2, 3, 4);
    table.clear();
    expect(table.find(9, 9, 9, 9)).toBe(1);
    expect(table.find(1, 2, 3, 4)).toBe(2);
  });
});
