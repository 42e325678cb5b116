import type { Rule } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { EMPTY_ADDRESS_LIST } from '../lists/address-list.ts';
import { EMPTY_RULESET, type NamedSet, type Ruleset } from '../ruleset/ruleset.ts';
import { riskOf } from './risk.ts';

const rule = (rest: Partial<Rule>): Rule => ({
  id: 1,
  action: 'deny',
  source: '192.0.2.1',
  reason: '',
  created_by: 'test',
  created_at: '2026-01-01T00:00:00.000Z',
  ...rest,
});
const ruleset = (...rules: Partial<Rule>[]): Ruleset => ({ ...EMPTY_RULESET, rules: rules.map(rule) });
const withSet = (bits: number): Ruleset => ({
  ...ruleset({ source: 'set:feed' }),
  sets: new Map([
    [
      'feed',
      {
        name: 'feed',
        origin: { kind: 'copy' },
        list: { ...EMPTY_ADDRESS_LIST, ipv4: { starts: new Uint32Array(1), bits: new Uint8Array([bits]) } },
        text: undefined,
        loadedAtMs: 0,
      },
    ],
  ]),
});

describe('a change is risky', () => {
  it.each([
    ['any source', 'any', /denies any source/],
    ['everything of IPv4', '0.0.0.0/0', /0\.0\.0\.0\/0, wider than \/8/],
    ['everything of IPv6', '::/0', /::\/0, wider than \/32/],
    ['a /7', '2.0.0.0/7', /wider than \/8/],
    ['a /31 of IPv6', '2001:db8::/31', /wider than \/32/],
  ])('when it denies %s', (_, source, why) => {
    expect(riskOf(EMPTY_RULESET, ruleset({ source }))).toMatch(why);
  });

  it('when it denies any source with other conditions than before', () => {
    const before = ruleset({ source: 'any', fragment: true });
    expect(riskOf(before, ruleset({ source: 'any', fragment: true, reason: 'x' }))).toBeUndefined();
    expect(riskOf(before, ruleset({ source: 'any' }))).toMatch(/denies any source/);
    expect(riskOf(before, ruleset({ source: 'any', length: '0-60' }))).toMatch(/denies any source/);
  });

  it('when the default policy becomes deny', () => {
    expect(riskOf(EMPTY_RULESET, { ...EMPTY_RULESET, defaultPolicy: 'deny' })).toMatch(/default policy/);
  });

  it('when a set that is denied becomes wide', () => {
    expect(riskOf(withSet(24), withSet(7))).toMatch(/the set feed/);
    expect(riskOf(withSet(7), withSet(6))).toBeUndefined();
  });

  it('when the denied sources add up to a large part of the address space', () => {
    const eights = Array.from({ length: 256 }, (_, i) => ({ id: i + 1, source: `${i}.0.0.0/8` }));
    expect(riskOf(EMPTY_RULESET, ruleset(...eights))).toMatch(
      /all deny rules together cover 100 % of all IPv4 addresses/,
    );
  });

  it.each([
    [1000, 499, /shrinks from 1,000 networks to 499, by more than half/],
    [1000, 500, undefined],
    [3, 1, /shrinks/],
    [1, 1000, undefined],
  ])('when a set of %i networks becomes one of %i: %s', (from, to, why) => {
    const sized = (entries: number): Ruleset => {
      const [set] = withSet(24).sets.values();
      const ipv4 = { starts: new Uint32Array(entries), bits: new Uint8Array(entries).fill(24) };
      return {
        ...withSet(24),
        sets: new Map([['feed', { ...(set as NamedSet), list: { ...EMPTY_ADDRESS_LIST, ipv4 } }]]),
      };
    };
    if (why === undefined) expect(riskOf(sized(from), sized(to))).toBeUndefined();
    else expect(riskOf(sized(from), sized(to))).toMatch(why);
  });

  it('when a permit rule is removed while the default policy is deny', () => {
    const open = ruleset({ id: 1, action: 'permit', source: 'any', destination_port: 22 }, { id: 2, source: 'any' });
    expect(riskOf(open, ruleset({ id: 2, source: 'any' }))).toMatch(/rule 1 no longer permits any source/);
  });
});

describe('a change is not risky', () => {
  it.each([
    ['deny', '10.0.0.0/8'],
    ['deny', '2001:db8::/32'],
    ['permit', 'any'],
    ['observe', 'any'],
  ] as const)('when it is to %s %s', (action, source) => {
    expect(riskOf(EMPTY_RULESET, ruleset({ action, source }))).toBeUndefined();
  });

  it('when its wide part was there before', () => {
    const before = { ...ruleset({ source: 'any' }), defaultPolicy: 'deny' as const };
    const after = { ...ruleset({ source: 'any', reason: 'x' }, { id: 2 }), defaultPolicy: 'deny' as const };
    expect(riskOf(before, after)).toBeUndefined();
    expect(riskOf(before, EMPTY_RULESET)).toBeUndefined();
  });
});

describe('a limit', () => {
  const limit = (rest: Partial<Rule>) => ruleset({ action: 'limit', source: 'any', rate: '20/min', ...rest });

  it('is risky when it is enforced, or enforced with other numbers', () => {
    const why = 'rule 1 now denies what is over its limit';
    expect(riskOf(EMPTY_RULESET, limit({ enforce: true }))).toBe(why);
    expect(riskOf(limit({}), limit({ enforce: true }))).toBe(why);
    expect(riskOf(limit({ enforce: true }), limit({ enforce: true, rate: '10/min' }))).toBe(why);
  });

  it('is not risky while it observes, and stays as it is', () => {
    expect(riskOf(EMPTY_RULESET, limit({}))).toBeUndefined();
    expect(riskOf(limit({ enforce: true }), limit({ enforce: true, reason: 'ssh' }))).toBeUndefined();
    expect(riskOf(limit({ enforce: true }), limit({}))).toBeUndefined();
  });
});
