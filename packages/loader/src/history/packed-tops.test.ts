import { expect, it } from 'vitest';
import type { Volume } from '../ipc/rule-counts.ts';
import { PackedTops, packedKey, unpackedKey } from './packed-tops.ts';
import { TOP_LISTS, TopBucket, type TopList } from './top-bucket.ts';

const KEYS = {
  sources: ['192.0.2.1', '2001:db8::1', '::'],
  ports: ['6 443', '17 65535', '0 0'],
  pairs: ['192.0.2.1 198.51.100.2', '2001:db8::1 ff02::1'],
  rules: ['0', '4294967295'],
} as const;

function bucket(packets: number): TopBucket {
  const top = new TopBucket();
  for (const list of TOP_LISTS) {
    for (const [i, key] of KEYS[list].entries()) top.add(list, key, { packets: packets - i, bytes: 2 ** 50 });
  }
  return top;
}

function entries(packed: PackedTops, at: number, list: TopList): [string, Volume][] {
  const all: [string, Volume][] = [];
  packed.visit(at, list, (key, packets, bytes) => {
    const text = unpackedKey(list, key);
    expect(packedKey(list, text)).toBe(key);
    all.push([text, { packets, bytes }]);
  });
  return all;
}

it('returns every list of each bucket, largest first', () => {
  const packed = new PackedTops(3);
  packed.keep(2, bucket(9));
  packed.keep(0, bucket(100));
  packed.forget(0);
  for (const list of TOP_LISTS) {
    expect(entries(packed, 2, list)).toEqual(KEYS[list].map((key, i) => [key, { packets: 9 - i, bytes: 2 ** 50 }]));
    expect(entries(packed, 0, list)).toEqual([]);
    expect(entries(packed, 1, list)).toEqual([]);
  }
});

it('keeps the sixteen largest of a longer list', () => {
  const packed = new PackedTops(1);
  const top = new TopBucket();
  for (let i = 0; i < 100; i++) top.add('sources', `192.0.2.${i}`, { packets: i, bytes: 0 });
  packed.keep(0, top);
  const kept = entries(packed, 0, 'sources').map(([key]) => key);
  expect(kept).toEqual(Array.from({ length: 16 }, (_, i) => `192.0.2.${99 - i}`));
});
