import { describe, expect, it } from 'vitest';
import { sortIpv6 } from './ipv6-order.ts';

/** Returns pseudo-random networks with many equal words. */
function networks(count: number): { words: Uint32Array; bits: Uint8Array } {
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
  const words = Uint32Array.from({ length: 4 * count }, () => (next() & 0x1000 ? next() : next() >>> 30));
  return { words, bits: Uint8Array.from({ length: count }, () => (next() >>> 16) % 129) };
}

describe('the order of IPv6 networks', () => {
  // 60,000 networks are sorted by wider digits than the smaller counts.
  it.each([0, 1, 2, 1000, 60_000])('is by address, then the shorter first, for %d', (count) => {
    const { words, bits } = networks(count);
    const order = sortIpv6(words, bits);
    expect(new Set(order).size).toBe(count);
    const key = (i: number) => [...words.subarray(4 * i, 4 * i + 4), bits[i] as number];
    const wrong = Array.from(order).findIndex(
      (network, i) => i > 0 && compare(key(order[i - 1] as number), key(network)) > 0,
    );
    expect(wrong).toBe(-1);
  });
});

function compare(a: number[], b: number[]): number {
  const place = a.findIndex((word, i) => word !== b[i]);
  return place < 0 ? 0 : (a[place] as number) - (b[place] as number);
}
