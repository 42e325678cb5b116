import type { AuditEntry, DryRunReport, RulesSnapshot } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { auditText, dryRunText, pendingText, snapshotText } from './rules-text.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const rule = {
  id: 3,
  action: 'deny' as const,
  source: '203.0.113.0/24',
  protocol: 'tcp',
  destination_port: 22,
  reason: 'brute force',
  created_by: 'root (alice)',
  created_at: '2026-01-01T11:00:00.000Z',
  expires_at: '2026-01-01T12:30:00.000Z',
};
const snapshot: RulesSnapshot = {
  revision: 1,
  default_policy: 'permit',
  rules: [{ ...rule, packets: 12_345, bytes: 1, last_seen_ms: NOW - 5000 }],
  sets: [{ name: 'drop', entries: 1100, file: '/etc/drop.txt', loaded_at_ms: NOW - 60_000 }],
  enforcing: true,
  pinned: true,
};

const ETH0 = { name: 'eth0', ifindex: 2, mode: 'native' };

describe('the list', () => {
  it.each<[string, RulesSnapshot['in_force'], RegExp]>([
    ['is another set', { by: 'loader', interfaces: [ETH0], is_current: false }, /the kernel does not have these rules/],
    ['is nothing', { by: 'none', interfaces: [], is_current: false }, /no program is attached/],
    [
      'acts on some interfaces',
      { by: 'loader', interfaces: [ETH0], not_filtered: [{ name: 'wg0', why: 'gone' }], is_current: true },
      /^Not filtered: rules do not act on wg0: gone\.$/m,
    ],
    [
      'has an earlier version of a rule',
      {
        by: 'kernel',
        interfaces: [ETH0],
        is_current: false,
        default_policy: 'permit',
        rules: [{ id: 3, action: 'deny', packets: 1, bytes: 1 }],
      },
      /other rules than these, until packetlog starts:\n- the rules or sets below have changed since/,
    ],
  ])('reports that what is in force %s', (_, in_force, said) => {
    expect(snapshotText({ ...snapshot, enforcing: false, in_force }, NOW).join('\n')).toMatch(said);
  });

  it('has a line for each rule and set', () => {
    expect(snapshotText(snapshot, NOW)).toEqual([
      'Default policy: permit. 1 rule, in force, also after packetlog stops.',
      '',
      'id  action  match                          packets  last seen  expires    by            reason',
      '3   deny    203.0.113.0/24 to tcp port 22   12,345  5 s ago    in 30 min  root (alice)  brute force',
      '',
      'Set drop: 1,100 networks from /etc/drop.txt, read 1 min ago.',
    ]);
  });

  it('begins with the alarms', () => {
    const alarms = [{ code: 'set_file' as const, message: 'Set drop stays as it is.', since_ms: NOW - 300_000 }];
    expect(snapshotText({ ...snapshot, alarms }, NOW)[1]).toBe('Alarm since 5 min ago: Set drop stays as it is.');
  });

  it('reports the change that waits for confirmation, and the command', () => {
    const pending = { until_ms: NOW + 12_000, revision_before: 1, why: 'Rule 4 denies any source.' };
    expect(snapshotText({ ...snapshot, pending }, NOW)).toEqual(expect.arrayContaining(pendingText(pending, NOW)));
    expect(pendingText(pending, NOW)).toEqual([
      'Reverts in 12 s unless confirmed: Rule 4 denies any source.',
      'To keep it: packetlog rules confirm',
    ]);
  });

  it('replaces control characters in a reason', () => {
    const rules = [{ ...snapshot.rules[0], reason: '\u001b[31mred' } as RulesSnapshot['rules'][number]];
    expect(snapshotText({ ...snapshot, rules }, NOW).join('\n')).not.toContain('\u001b');
  });
});

describe('a dry run', () => {
  const report: DryRunReport = {
    seconds: 10,
    seen: 1000,
    judged: 250,
    denied: { packets: 40, bytes: 4000 },
    observed: { packets: 0, bytes: 0 },
    by_rule: [{ draft: 0, rule: 'deny 203.0.113.0/24', packets: 40, bytes: 4000 }],
    by_source: [{ addr: '203.0.113.7', packets: 40, bytes: 4000 }],
    by_port: [
      { ip_protocol: 6, port: 22, packets: 30, bytes: 3000 },
      { ip_protocol: 1, port: 0, packets: 10, bytes: 1000 },
    ],
    lockouts: [{ kind: 'ssh_peer', address: '203.0.113.7' }],
  };

  it('reports how much it saw, what would be denied, and which address would be locked out', () => {
    const text = dryRunText(report).join('\n');
    expect(text).toContain('Evaluated 250 packets of 1,000 in 10 s (25 % of all packets).');
    expect(text).toContain('Would have denied 40 packets, 4,000 bytes; observed 0 packets.');
    expect(text).toMatch(/40 {2}203\.0\.113\.7/);
    expect(text).toMatch(/30 {2}TCP 22\n +10 {2}ICMP\n/);
    expect(text).toContain('It would lock out ssh peer 203.0.113.7: adding it would be rejected.');
  });
});

it('the audit names the caller, the change, the time and the reason once', () => {
  const entry: AuditEntry = {
    at: '2026-01-01T12:00:00.000Z',
    revision: 2,
    what: 'add',
    who: { name: 'admin token', via: 'socket', address: '198.51.100.1' },
    why: 'brute force',
    forced: true,
    after: { rules: [rule] },
  };
  expect(auditText([entry, { ...entry, what: 'policy', after: { default_policy: 'deny' }, why: '' }])).toEqual([
    '2026-01-01T12:00:00.000Z  add      by admin token from 198.51.100.1; rule 3: deny 203.0.113.0/24 to tcp port 22 for 30 min, because: brute force; forced',
    '2026-01-01T12:00:00.000Z  policy   by admin token from 198.51.100.1; default policy deny; forced',
  ]);
});
