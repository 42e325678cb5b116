import type { Rule } from '@packetlog/common';
import { expect, test } from 'vitest';
import { effectSentence, expiryText, matchParts, matchText } from './rule-text.ts';

test.each<[Partial<Rule>, string]>([
  [{ source: '203.0.113.0/24' }, '203.0.113.0/24'],
  [{ source: 'any', protocol: 'tcp', destination_port: 22 }, 'any source, tcp port 22'],
  [{ source: 'set:scanners', destination_port: '1000-2000' }, 'set scanners, ports 1000-2000'],
  [{ source: '2001:db8::/32', protocol: 'icmpv6', interface: 'eth0' }, '2001:db8::/32, icmpv6, on eth0'],
  [{ source: '192.0.2.1', protocol: 99 }, '192.0.2.1, protocol 99'],
])('a rule with %o matches "%s"', (rule, text) => {
  expect(matchText({ source: 'any', ...rule })).toBe(text);
});

test('a set, any source and an address are distinguished', () => {
  expect(['set:a', 'any', '192.0.2.1'].map((source) => matchParts({ source }).kind)).toEqual(['set', 'any', '']);
});

test.each<[Parameters<typeof effectSentence>[0], number | null, string]>([
  [
    { action: 'deny', source: '203.0.113.7', reason: 'brute force' },
    3_552_000,
    'Will deny packets from 203.0.113.7 for 59 min 12 s: brute force.',
  ],
  [
    { action: 'deny', source: 'any', protocol: 'tcp', destination_port: 22, reason: '' },
    null,
    'Will deny packets from any source to tcp port 22 with no expiry.',
  ],
  [
    { action: 'permit', source: 'set:office', protocol: 'icmp', interface: 'eth1' },
    null,
    'Will always permit packets from the set office with icmp on eth1 with no expiry.',
  ],
  [
    { action: 'observe', source: '192.0.2.1', reason: 'unknown resolver' },
    60_000,
    'Will observe packets from 192.0.2.1 for 1 min: unknown resolver.',
  ],
])('a rule that will be added has the effect: %o', (rule, lasts, sentence) => {
  expect(effectSentence(rule, lasts)).toBe(sentence);
});

test('the time left of a rule, or no expiry', () => {
  const now = Date.parse('2026-01-02T14:00:00Z');
  expect(expiryText({}, now)).toBe('no expiry');
  expect(expiryText({ expires_at: '2026-01-02T14:59:12Z' }, now)).toBe('in 59 min 12 s');
  expect(expiryText({ expires_at: '2026-01-02T13:59:59Z' }, now)).toBe('expired');
});
