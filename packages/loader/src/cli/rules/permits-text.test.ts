import type { PermitProposals } from '@packetlog/common';
import { expect, it } from 'vitest';
import { permitsText } from './permits-text.ts';

const PROPOSALS: PermitProposals = {
  warnings: ['It denies replies.'],
  rules: [
    {
      rule: { action: 'permit', source: 'any', protocol: 'tcp', destination_port: 22, reason: "o'hara" },
      is_wide: false,
    },
    { rule: { action: 'permit', source: 'any', destination_port: '32768-60999' }, is_wide: true },
  ],
  wide_listeners: [
    { ip_protocol: 6, port: 33_060, process: 'mysqld' },
    { ip_protocol: 17, port: 51_820 },
  ],
  stopping: { total: 12, examples: [{ ip_protocol: 6, addr: '2001:db8::7', port: 443 }] },
};

it('prints warnings, rules as commands, and what the wide rule opens and keeps', () => {
  expect(permitsText(PROPOSALS, { isAdding: false })).toEqual([
    'Warning: It denies replies.',
    '',
    'Permit rules for what listens, resolves, routes and gives time here now:',
    "  packetlog rules add permit any --protocol tcp --port 22 --reason 'o'\\''hara'",
    '',
    'Wide rule, for replies to connections that this machine opens. It also permits new connections to these ports:',
    '  packetlog rules add permit any --port 32768-60999',
    '  Listening on them now: TCP 33060 (mysqld), UDP 51820.',
    '  Without it, replies to 12 open connections stop, for example:',
    '    replies from [2001:db8::7]:443 (TCP)',
    '',
    'To add the rules and set the policy in one change: packetlog rules policy deny --with-permits; --with-replies adds the wide one.',
  ]);
});

it('says that nothing is missing, and names no command to a command that adds the rules', () => {
  const nothing = { warnings: [], rules: [], wide_listeners: [], stopping: { total: 0, examples: [] } };
  expect(permitsText(nothing, { isAdding: false })).toEqual([
    '',
    'The rules in force permit what listens, resolves, routes and gives time here now.',
  ]);
  expect(permitsText(PROPOSALS, { isAdding: true }).join()).not.toContain('one change');
});
