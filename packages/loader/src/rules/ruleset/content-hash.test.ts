import type { Rule } from '@packetlog/common';
import { expect, it } from 'vitest';
import { EMPTY_ADDRESS_LIST } from '../lists/address-list.ts';
import { contentHash } from './content-hash.ts';
import { EMPTY_BOOK, type RuleBook } from './ruleset.ts';

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
const book = (rules: readonly Rule[], rest: Partial<RuleBook> = {}): RuleBook => ({
  ...EMPTY_BOOK,
  rules,
  sets: new Map([['drop', drop('10.0.0.0/8\n')]]),
  ...rest,
});
const content = contentHash(book([rule({}), other]));

it.each<[string, RuleBook]>([
  ['the order of rules', book([other, rule({})])],
  ['ids, reasons and authors', book([rule({ id: 7, reason: 'x', created_by: 'y' }), other], { nextId: 9 })],
  ['a set that no rule names', book([rule({}), other], { sets: new Map([...book([]).sets, ['unused', drop('')]]) })],
])('does not change with %s', (_, same) => {
  expect(contentHash(same)).toBe(content);
});

it.each<[string, RuleBook]>([
  ['an action', book([rule({ action: 'observe' }), other])],
  ['a port', book([rule({ destination_port: 22 }), other])],
  ['an end', book([rule({ expires_at: '2030-01-01T00:00:00Z' }), other])],
  ['the default policy', book([rule({}), other], { defaultPolicy: 'deny' })],
  ['the protected addresses', book([rule({}), other], { protect: ['192.0.2.9'] })],
  ['the list of a set', book([rule({}), other], { sets: new Map([['drop', drop('10.0.0.0/9\n')]]) })],
  ['a list that is lost', book([rule({}), other], { sets: new Map() })],
])('changes with %s', (_, different) => {
  expect(contentHash(different)).not.toBe(content);
});
