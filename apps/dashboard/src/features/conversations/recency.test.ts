import { expect, test } from 'vitest';
import { Recency } from './recency.ts';

function met(...entries: number[]): Recency {
  const recency = new Recency(8);
  for (const entry of entries) recency.insert(entry);
  return recency;
}

test('of the entries seen once, the oldest is evicted first', () => {
  const recency = met(0, 1, 2);
  expect([recency.evict(), recency.evict(), recency.evict()]).toEqual([0, 1, 2]);
});

test('an entry that returns survives a flood of entries seen once', () => {
  const recency = met(0, 1);
  recency.touch(0);
  for (let i = 2; i < 8; i++) recency.insert(i);
  expect(Array.from({ length: 7 }, () => recency.evict())).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(recency.evict()).toBe(0);
});

test('when nearly all entries were seen again, the least recent of them is evicted', () => {
  const recency = met(0, 1, 2, 3, 4, 5, 6, 7);
  for (let i = 0; i < 8; i++) recency.touch(i);
  // Six entries are protected; 0 and 1 are the least recent.
  expect(recency.evict()).toBe(0);
  recency.insert(0);
  expect(recency.evict()).toBe(1);
  expect(recency.evict()).toBe(0);
  expect(recency.evict()).toBe(2);
});

test('after any order of touches every entry is evicted exactly once', () => {
  const recency = met(...Array(8).keys());
  for (let i = 0; i < 1_000; i++) recency.touch((i * 5 + (i >> 3)) % 8);
  expect(Array.from({ length: 8 }, () => recency.evict()).sort()).toEqual([...Array(8).keys()]);
});
