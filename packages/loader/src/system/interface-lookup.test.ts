import { expect, it } from 'vitest';
import { lookUpInterface } from './interface-lookup.ts';

const INDEXES: Readonly<Record<string, number>> = { eth0: 2, 'a-very-long-alternative-name': 2, 'a@b': 3, a: 4 };
const NAMES = new Map([
  [2, 'eth0'],
  [3, 'a@b'],
  [4, 'a'],
]);

it.each([
  ['eth0', 'eth0'],
  ['a-very-long-alternative-name', 'eth0'],
  ['eth0@if5', 'eth0'],
  ['eth0@peer0', 'eth0'],
  ['a@b', 'a@b'],
  ['a@if7', 'a'],
  ['nowhere', 'nowhere'],
  ['nowhere@if5', 'nowhere@if5'],
  ['@if5', '@if5'],
])('%s is %s', (given, name) => {
  expect(
    lookUpInterface(
      given,
      (each) => INDEXES[each] ?? 0,
      (ifindex) => NAMES.get(ifindex),
    ),
  ).toBe(name);
});
