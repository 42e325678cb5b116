import { FIRST_BAN_RULE_ID, type Rule } from '@packetlog/common';
import { expect, it } from 'vitest';
import { permittedBans } from './permitted-bans.ts';

const rule = (id: number, action: Rule['action'], source: string, more: Partial<Rule> = {}): Rule => ({
  ...{ id, action, source, reason: '', created_by: 'root', created_at: '2026-01-01T00:00:00.000Z' },
  ...more,
});
const bans = ['203.0.113.7', '203.0.113.8', '2001:db8:1:2::/64'].map((source, i) =>
  rule(FIRST_BAN_RULE_ID + i, 'deny', source),
);
const notes = (...rules: Rule[]) => permittedBans(rules, bans, new Map());

it('names the banned sources that a permit rule concerns', () => {
  expect(notes(rule(5, 'permit', '203.0.113.7'))).toEqual([
    'Permit wins over deny: rule 5 also permits packets from 203.0.113.7, which is banned. To end a ban: packetlog bans undo.',
  ]);
  expect(notes(rule(5, 'permit', '203.0.113.0/24'))[0]).toContain('2 banned sources, such as 203.0.113.7');
  expect(notes(rule(5, 'permit', 'any', { protocol: 'tcp', destination_port: 443 }))[0]).toContain('3 banned sources');
});

it('says nothing about other rules', () => {
  const others = [
    rule(1, 'permit', '192.0.2.1'),
    rule(2, 'deny', 'any'),
    rule(3, 'observe', '203.0.113.7'),
    rule(4, 'permit', 'set:missing'),
    rule(5, 'permit', '2001:db8:1:2::9'),
  ];
  expect(notes(...others)).toEqual([]);
});
