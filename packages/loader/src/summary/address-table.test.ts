import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressTable, NO_SLOT } from './address-table.ts';
import { most } from './totals.ts';

/** Half of the table's slots. */
const MOST_KEYS = 8192;

type Key = readonly [number, number, number, number];

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
/** Few different words, so that keys share parts, and the extremes. */
const word = fc.oneof(fc.constantFrom(0, 1, 0xffff_ffff, 0x8000_0000), fc.nat(5), u32);
const keys = fc.array(fc.tuple(word, word, word, word), { maxLength: 300 });

describe('AddressTable', () => {
  it('gives each address one slot and no two the same, whatever was in it before', () => {
    fc.assert(
      fc.property(keys, keys, (before, after) => {
        const table = new AddressTable();
        for (const key of before) table.find(...key);
        table.clear();
        const slots = new Map<string, number>();
        for (const key of after) {
          const slot = table.find(...key);
          expect(slots.get(key.join()) ?? slot).toBe(slot);
          slots.set(key.join(), slot);
          expect(new Uint32Array(table.address(slot).buffer)).toEqual(Uint32Array.from(key));
        }
        expect(new Set(slots.values()).size).toBe(slots.size);
        expect(new Set(table.used())).toEqual(new Set(slots.values()));
      }),
    );
  });

  it('keeps its addresses when it is full, and takes no others until cleared', () => {
    const table = new AddressTable();
    const key = (i: number): Key => [i, 7, i * 31, ~i >>> 0];
    const slots = Array.from({ length: MOST_KEYS }, (_, i) => table.find(...key(i)));
    expect(slots).not.toContain(NO_SLOT);
    expect(table.find(...key(MOST_KEYS))).toBe(NO_SLOT);
    expect(table.find(...key(17))).toBe(slots[17]);
    table.clear();
    expect(table.find(...key(MOST_KEYS))).not.toBe(NO_SLOT);
  });

  it('begins each address at zero, and lists most packets first', () => {
    const table = new AddressTable();
    const count = (word: number, packets: number) => {
      const slot = table.find(word, 0, 0, 0);
      table.packets[slot]! += packets;
      return slot;
    };
    const [a, b, c] = [count(1, 5), count(2, 9), count(3, 7)];
    expect(most(table, 2).map(({ place, packets }) => [place, packets])).toEqual([
      [b, 9],
      [c, 7],
    ]);
    table.clear();
    expect(most(table, 2)).toEqual([]);
    expect(count(1, 2)).toBe(a);
    expect(most(table, 2).map(({ packets }) => packets)).toEqual([2]);
  });
});
