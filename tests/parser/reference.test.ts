import { describe, expect, test } from 'vitest';
import { ETHERNET_HEADER, fixtures } from './fixtures.ts';
import { parse } from './reference.ts';

describe('the reference parser agrees', () => {
  for (const { name, frame, expected } of fixtures) {
    if (expected !== 'rejected') test(name, () => expect(parse(frame)).toEqual(expected));
  }
});

test('every frame shape has a unique name', () => {
  const names = fixtures.map(({ name }) => name);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

test('exactly the frames without a complete Ethernet header are marked as rejected', () => {
  const rejected = fixtures.filter(({ expected }) => expected === 'rejected');
  expect(rejected).toEqual(fixtures.filter(({ frame }) => frame.length < ETHERNET_HEADER));
  expect(rejected.length).toBeGreaterThan(0);
});
