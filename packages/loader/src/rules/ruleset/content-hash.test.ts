import type { Rule } from '@packetlog/common';
import { expect, it } from 'vitest';
import { EMPTY_ADDRESS_LIST } from '../lists/address-list.ts';
import { contentHash } from './content-hash.ts';
import { EMPTY_RULESET, type Ruleset } from './ruleset.ts';

const rule = (rest: Partial<Rule>): Rule => ({
  id: 1,
  action: 'deny',
  source: 'set:drop',
  reason: '',
  created_by: 'test',
  created_at: '2026-01-01T00:00:00.000Z',
  ...rest,
});
const other = rule({ id: 2, source: '192.0.2.1' });
const drop = (text: string) => ({
  name: 'drop',
  origin: { kind: 'copy' } as const,
  list: EMPTY_ADDRESS_LIST,
  text: Buffer.from(text),
  loadedAtMs: 0,
});
const ruleset = (rules: readonly Rule[], rest: Partial<Ruleset> = {}): Ruleset => ({
  ...EMPTY_RULESET,
  rules,
  sets: new Map([['drop', drop('10.0.0.0/8\n')]]),
  ...rest,
});
const content = contentHash(ruleset([rule({}), other]));

it.each<[string, Ruleset]>([
  ['the order of rules', ruleset([other, rule({})])],
  ['ids, reasons and authors', ruleset([rule({ id: 7, reason: 'x', created_by: 'y' }), other], { nextId: 9 })],
  [
    'a set that no rule names',
    ruleset([rule({}), other], { sets: new Map([...ruleset([]).sets, ['unused', drop('')]]) }),
  ],
])('does not change with %s', (_, same) => {
  expect(contentHash(same)).toBe(content);
});

it.each<[string, Ruleset]>([
  ['an action', ruleset([rule({ action: 'observe' }), other])],
  ['a limit', ruleset([rule({ action: 'limit', rate: '1/s' }), other])],
  ['a port', ruleset([rule({ destination_port: 22 }), other])],
  ['TCP flags', ruleset([rule({ protocol: 'tcp', tcp_flags: 'syn' }), other])],
  ['a destination', ruleset([rule({ destination: '192.0.2.9' }), other])],
  ['a length', ruleset([rule({ length: 60 }), other])],
  ['fragments', ruleset([rule({ fragment: true }), other])],
  ['an end', ruleset([rule({ expires_at: '2030-01-01T00:00:00Z' }), other])],
  ['the default policy', ruleset([rule({}), other], { defaultPolicy: 'deny' })],
  ['the protected addresses', ruleset([rule({}), other], { protect: ['192.0.2.9'] })],
  ['the list of a set', ruleset([rule({}), other], { sets: new Map([['drop', drop('10.0.0.0/9\n')]]) })],
  ['a list that is lost', ruleset([rule({}), other], { sets: new Map() })],
])('changes with %s', (_, different) => {
  expect(contentHash(different)).not.toBe(content);
});

it('changes with the numbers of a limit', () => {
  const of = (numbers: Partial<Rule>) => contentHash(ruleset([rule({ action: 'limit', rate: '1/s', ...numbers })]));
  const all = [{}, { rate: '2/s' }, { per: 'source/24,64' }, { per: 'rule' }, { burst: 2 }, { enforce: true }].map(of);
  expect(new Set(all).size).toBe(all.length);
});
