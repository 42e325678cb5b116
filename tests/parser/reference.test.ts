import { describe, expect, test } from 'vitest';
import { ETHERNET_HEADER, fixtures } from './fixtures.ts';
import { parse } from './reference.ts';

describe('the reference parser agrees', () => {
  for (const { name, frame, expected } of fixtures) {
    if (expected !== 'refused') test(name, () => expect(parse(frame)).toEqual(expected));
  }
});

test('every frame shape has a name of its own', () => {
  const names = fixtures.map(({ name }) => name);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

test('exactly the frames without a whole Ethernet header are marked as refused', () => {
  const refused = fixtures.filter(({ expected }) => expected === 'refused');
  expect(refused).toEqual(fixtures.filter(({ frame }) => frame.length < ETHERNET_HEADER));
  expect(refused.length).toBeGreaterThan(0);
});
