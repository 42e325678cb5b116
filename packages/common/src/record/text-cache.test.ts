import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TextCache } from './text-cache.ts';

describe('TextCache', () => {
  it('finds cached text by the whole key', () => {
    const cache = new TextCache(4);
    expect(cache.keep(1, 2, 3, 4, 'text')).toBe('text');
    expect(cache.find(1, 2, 3, 4)).toBe('text');
    expect(cache.find(1, 2, 3, 5)).toBe('');
    expect(cache.find(0, 0, 0, 0)).toBe('');
  });

  it.each([0, 1, 2, 3])('distinguishes keys that differ only in word %d', (word) => {
    const cache = new TextCache(1);
    cache.keep(9, 9, 9, 9, 'text');
    for (let value = 0; value < 64; value++) {
      const key: [number, number, number, number] = [9, 9, 9, 9];
      key[word] = value;
      expect(cache.find(...key)).toBe(value === 9 ? 'text' : '');
    }
  });

  it('never returns the text of another key, even with few slots', () => {
    const word = fc.oneof(fc.nat({ max: 3 }), fc.integer({ min: 0, max: 0xffff_ffff }));
    fc.assert(
      fc.property(fc.array(fc.tuple(word, word, word, word), { maxLength: 50 }), (keys) => {
        const cache = new TextCache(2);
        for (const [a, b, c, d] of keys) {
          const text = `${a} ${b} ${c} ${d}`;
          expect(['', text]).toContain(cache.find(a, b, c, d));
          cache.keep(a, b, c, d, text);
          expect(cache.find(a, b, c, d)).toBe(text);
        }
      }),
    );
  });
});
