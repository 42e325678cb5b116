import type { PermitProposals } from '@packetlog/common';
import { expect, test } from 'vitest';
import { makeRule } from '../../../../test/support/samples.ts';
import {
  chosenPermits,
  denyLabel,
  dryRunRules,
  initialChoice,
  listeningText,
  peerText,
  stoppingText,
} from './needed-permits-text.ts';

const ssh = { action: 'permit', source: 'any', protocol: 'tcp', destination_port: 22, reason: 'sshd' } as const;
const wide = { action: 'permit', source: 'any', destination_port: '32768-60999' } as const;
const proposals: PermitProposals = {
  warnings: [],
  rules: [
    { rule: ssh, is_wide: false },
    { rule: wide, is_wide: true },
  ],
  wide_listeners: [],
  stopping: { total: 0, examples: [] },
};

test('all rules are ticked but the wide one, and the ticked ones are sent', () => {
  expect(initialChoice(proposals)).toEqual([true, false]);
  expect(chosenPermits(proposals, initialChoice(proposals))).toEqual([ssh]);
  expect(chosenPermits(proposals, [false, true])).toEqual([wide]);
});

test('says what the wide rule opens and what stops without it', () => {
  expect(listeningText([])).toBe('Nothing listens on these ports now.');
  expect(
    listeningText([
      { ip_protocol: 6, port: 33_060, process: 'mysqld' },
      { ip_protocol: 17, port: 51_820 },
    ]),
  ).toBe('Listening on these ports now: TCP 33060 (mysqld), UDP 51820.');
  const peer = { ip_protocol: 6, addr: '198.51.100.7', port: 443, process: 'curl' };
  expect(peerText(peer)).toBe('198.51.100.7:443 to curl');
  expect(peerText({ ip_protocol: 6, addr: '2001:db8::7', port: 443 })).toBe('[2001:db8::7]:443');
  expect(stoppingText({ total: 1, examples: [peer] })).toBe('Without this rule, replies to 1 open connection stop:');
  expect(stoppingText({ total: 12, examples: [peer] })).toBe(
    'Without this rule, replies to 12 open connections stop, for example:',
  );
});

test('the button says how many rules come with the policy', () => {
  expect(denyLabel(0)).toBe('Deny by default');
  expect(denyLabel(1)).toBe('Deny by default, add 1 rule');
});

test('a dry run has the rules in force and the ticked ones, unless they are too many for a message', () => {
  const { action, source } = makeRule();
  expect(dryRunRules([makeRule()], [ssh])).toEqual([{ action, source }, ssh]);
  const conditions = { length: 60, fragment: true } as const;
  const limit = makeRule({ action: 'limit', rate: '1/s' });
  expect(dryRunRules([makeRule(conditions), limit], [ssh])).toEqual([{ action, source, ...conditions }, ssh]);
  expect(
    dryRunRules(
      Array.from({ length: 200 }, () => makeRule()),
      [ssh],
    ),
  ).toBeNull();
});
