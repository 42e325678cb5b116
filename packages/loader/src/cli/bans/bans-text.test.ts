import type { Ban, Decision } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { bansText, decisionLines } from './bans-text.ts';
import { undoneText } from './undone-text.ts';

const NOW = Date.parse('2030-01-01T12:00:00Z');
const HOUR = 3_600_000;
const ban = (decision: number, source: string): Ban => ({
  ...{ decision, ban_rule: 4_000_000_000 + decision, source, limit_rule: 3, began_at_ms: NOW - 60_000 },
  ...{ ends_at_ms: NOW + HOUR - 60_000, strike: 2, packets: 1234 },
});
const DECISION: Decision = {
  ...{ id: 17, at_ms: NOW - 60_000, kind: 'ban', source: '203.0.113.7', connections: 21, connections_within_ms: 4000 },
  rule: {
    ...{ id: 3, action: 'limit', source: 'any', protocol: 'tcp', destination_port: 22, rate: '20/min', reason: 'ssh' },
    ...{ measure: 'connections', created_by: 'root', created_at: '2026-01-01T00:00:00.000Z' },
  },
  attempts: { in_1_s: 2, in_10_s: 9, in_60_s: 21 },
  ports: [22],
  samples: [
    {
      ...{ timestamp_ns: '1893499140000000000', src_addr: '203.0.113.7', src_port: 40000, dst_addr: '192.0.2.1' },
      ...{ dst_port: 22, action: 'permit', interface: 'eth0' },
    },
    {},
  ],
  guards: [
    { guard: 'permit_rule', passed: true },
    { guard: 'other_connections', passed: false, note: 'it has another connection' },
  ],
  ...{ strike: 1, duration_ms: HOUR, ends_at_ms: NOW + HOUR - 60_000 },
};
const linesOf = (changes: Partial<Decision>) => decisionLines([{ ...DECISION, ...changes }], NOW);

describe('bans', () => {
  it('are a table, with what is missing from it', () => {
    expect(bansText({ active: 3, bans: [ban(18, '2001:db8::/64'), ban(17, '203.0.113.7')] }, NOW)).toEqual([
      'BAN  SOURCE         LIMIT  ENDS IN  STRIKE  DENIED',
      '18   2001:db8::/64  3      59 min   2       1,234',
      '17   203.0.113.7    3      59 min   2       1,234',
      '2 of 3 bans.',
    ]);
    expect(bansText({ active: 0, bans: [] }, NOW)).toEqual(['No bans are in force.']);
    expect(bansText({ active: 2, bans: [] }, NOW)[0]).toContain('None of the 2 bans');
  });

  it('that were undone are named, and so are permit rules', () => {
    expect(undoneText({ undone: [17], permit_rules: [] })).toEqual(['Ban 17 has ended.']);
    const [ended, never] = undoneText({ undone: [17, 18], permit_rules: [4, 5] });
    expect(ended).toBe('2 bans have ended: 17, 18.');
    expect(never).toContain('Rules 4, 5 permit all packets from them');
    expect(never).toContain('packetlog rules remove 4 5.');
  });
});

describe('a decision', () => {
  it('is explained with its evidence, every guard and its end', () => {
    expect(linesOf({})).toEqual([
      'Decision 17: 203.0.113.7 banned for 1 h: 21 connections to tcp port 22 in 4 s, limit 20/min; all verified',
      '  decided at 2030-01-01 11:59:00 UTC as rule 4000000017; ends at 2030-01-01 12:59:00 UTC, in 59 min. To end it now: packetlog bans undo 17.',
      '  limit 3: limit any source to tcp port 22 to 20 connections/min per source (/64) [observing], because: ssh',
      '  connection attempts: 2 in 1 s, 9 in 10 s, 21 in 60 s; connections verified by the kernel: 21',
      '  destination ports: 22',
      '  guards:',
      '    passed    permit rule',
      '    objects   other connections: it has another connection',
      '  records:',
      '    2030-01-01 11:59:00 UTC  203.0.113.7 port 40000 to 192.0.2.1 port 22, permit, eth0',
      '    1970-01-01 00:00:00 UTC  ? port ? to ? port ?, ?, ?',
    ]);
  });

  it.each<[string, Partial<Decision>]>([
    ['ended at 2030-01-01 11:00:00 UTC', { ends_at_ms: NOW - HOUR }],
    [
      'undone at 2030-01-01 12:00:00 UTC by root, who added permit rule 9',
      { undone: { at_ms: NOW, by: 'root', permit_rule: 9 } },
    ],
    ['incomplete: records were sampled', { is_sampled: true }],
  ])('says: %s', (text, changes) => {
    expect(linesOf(changes).join('\n')).toContain(text);
  });
});
