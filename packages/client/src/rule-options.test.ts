import { expect, test } from 'vitest';
import { isSingleAddress, normalizeAddress, ruleDraft } from './rule-options.ts';

test.each([
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::FFFF:203.0.113.7', '203.0.113.7'],
  ['fe80::1%eth0', 'fe80::1'],
  ['203.0.113.0/24', '203.0.113.0/24'],
  ['2001:db8::7', '2001:db8::7'],
  ['set:scanners', 'set:scanners'],
])('%s, as a server may report its peer, is sent as %s', (source, plain) => {
  expect(normalizeAddress(source)).toBe(plain);
});

test.each([
  ['203.0.113.7', true],
  ['::ffff:203.0.113.7', true],
  ['fe80::1%eth0', true],
  ['2001:db8::7', true],
  ['198.0.0.0/8', false],
  ['203.0.113.7/32', false],
  ['any', false],
  ['set:scanners', false],
  ['203.0.113.7, 198.51.100.1', false],
  ['203.0.113', false],
  ['example.org', false],
  ['', false],
  [undefined, false],
])('%s is one address: %s', (source, isOne) => {
  expect(isSingleAddress(source)).toBe(isOne);
});

test('options become a draft of the protocol, without fields that are not set', () => {
  expect(ruleDraft('deny', '203.0.113.7', {})).toEqual({ action: 'deny', source: '203.0.113.7' });
  const until = new Date('2030-01-31T12:00:00Z');
  expect(
    ruleDraft('permit', 'any', { until, reason: 'r', protocol: 'tcp', port: '20-22', interface: 'eth0', force: true }),
  ).toEqual({
    action: 'permit',
    source: 'any',
    expires_at: '2030-01-31T12:00:00.000Z',
    reason: 'r',
    protocol: 'tcp',
    destination_port: '20-22',
    interface: 'eth0',
  });
  const conditions = { destination: '::ffff:192.0.2.2', tcpFlags: 'syn', length: '0-60', fragment: true } as const;
  expect(ruleDraft('deny', 'any', conditions)).toEqual({
    ...{ action: 'deny', source: 'any', destination: '192.0.2.2' },
    ...{ tcp_flags: 'syn', length: '0-60', fragment: true },
  });
});
