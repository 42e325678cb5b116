import type { Rule } from '@packetlog/common';
import { expect, it } from 'vitest';
import { EMPTY_ADDRESS_LIST } from '../lists/address-list.ts';
import { EMPTY_RULESET, type Ruleset } from '../ruleset/ruleset.ts';
import { widerCoverage } from './coverage.ts';

const denying = (...sources: string[]): Ruleset => ({
  ...EMPTY_RULESET,
  rules: sources.map((source, i) => ({ id: i + 1, action: 'deny', source }) as Rule),
});
const eights = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `${from + i}.0.0.0/8`);

it.each<[string, Ruleset, Ruleset, RegExp | undefined]>([
  ['256 networks of /8', EMPTY_RULESET, denying(...eights(0, 256)), /^100 % of all IPv4/],
  ['the sixteenth /8', denying(...eights(0, 15)), denying(...eights(0, 16)), /^6\.3 % of all IPv4 addresses$/],
  ['one /8', EMPTY_RULESET, denying('10.0.0.0/8'), undefined],
  ['one more below the next mark', denying(...eights(0, 17)), denying(...eights(0, 18)), undefined],
  ['the next mark', denying(...eights(0, 31)), denying(...eights(0, 32)), /^13 % of all IPv4/],
  ['the same /8 again and again', EMPTY_RULESET, denying(...Array(99).fill('10.0.0.0/8')), undefined],
  ['networks inside one another', EMPTY_RULESET, denying('8.0.0.0/5', ...eights(8, 16)), undefined],
  ['half of what was denied', denying(...eights(0, 64)), denying(...eights(0, 32)), undefined],
  ['a /18 of IPv6', EMPTY_RULESET, denying('2001::/19', '2001:2000::/19'), /of all IPv6/],
  ['a /19 of IPv6', EMPTY_RULESET, denying('2001::/19'), undefined],
])('of %s', (_, before, after, words) => {
  if (words === undefined) expect(widerCoverage(before, after)).toBeUndefined();
  else expect(widerCoverage(before, after)).toMatch(words);
});

it('adds lists and rules up, and counts overlaps once', () => {
  const starts = Uint32Array.from({ length: 16 }, (_, i) => (i * 2 ** 24) >>> 0);
  const list = { ...EMPTY_ADDRESS_LIST, ipv4: { starts, bits: new Uint8Array(16).fill(8) } };
  const set = { name: 'wide', origin: { kind: 'copy' } as const, list, text: undefined, loadedAtMs: 0 };
  const withList = (ruleset: Ruleset): Ruleset => ({ ...ruleset, sets: new Map([['wide', set]]) });
  const before = withList(denying('set:wide'));
  expect(widerCoverage(EMPTY_RULESET, before)).toMatch(/6\.3 %/);
  expect(widerCoverage(before, withList(denying('set:wide', ...eights(0, 16))))).toBeUndefined();
  expect(widerCoverage(before, withList(denying('set:wide', ...eights(16, 32))))).toMatch(/13 %/);
});
