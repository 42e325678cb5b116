import { describe, expect, it } from 'vitest';
import { formatRuleSource, isSetName, parseRuleSource } from './source.ts';

describe('the source of a rule', () => {
  it.each([
    ['any', 'any'],
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7/32', '203.0.113.7'],
    ['203.0.113.0/24', '203.0.113.0/24'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::/0', '::/0'],
    ['2001:DB8:0::/32', '2001:db8::/32'],
    ['2001:db8::1/128', '2001:db8::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201/128', '192.0.2.1'],
    ['::ffff:192.0.2.0/120', '192.0.2.0/24'],
    ['::ffff:0:0/96', '0.0.0.0/0'],
    ['::fffe:0:0/95', '::fffe:0:0/95'],
    ['::ffff:0:192.0.2.1', '::ffff:0:c000:201'],
    ['set:spamhaus-drop_v4.1', 'set:spamhaus-drop_v4.1'],
  ])('is read from %s and written as %s', (text, canonical) => {
    expect(formatRuleSource(parseRuleSource(text))).toBe(canonical);
  });

  it('is IPv4 if it was written as an IPv4-mapped address', () => {
    expect(parseRuleSource('192.0.2.0/24')).toMatchObject({ kind: 'network', network: { family: 4, bits: 120 } });
    expect(parseRuleSource('::ffff:192.0.2.0/120')).toEqual(parseRuleSource('192.0.2.0/24'));
  });

  it.each([
    ['203.0.113.7/24', '"203.0.113.7/24" has bits set behind its prefix: write 203.0.113.0/24'],
    ['2001:db8::1/64', '"2001:db8::1/64" has bits set behind its prefix: write 2001:db8::/64'],
    ['192.0.2.0/33', '"192.0.2.0/33" has no prefix of 0 to 32 bits behind the slash'],
    ['192.0.2', '"192.0.2" is neither an address nor a network: write 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32'],
    ['everybody', '"everybody" is not a source: write any, 192.0.2.1, 2001:db8::/32 or set:NAME'],
    ['', '"" is not a source: write any, 192.0.2.1, 2001:db8::/32 or set:NAME'],
    [
      'set:../x',
      '"set:../x" is not the name of a set: write set: and 1 to 63 letters, digits, dots, dashes or underscores',
    ],
  ])('is rejected for %j, with what to write instead', (text, message) => {
    expect(() => parseRuleSource(text)).toThrow(message);
  });

  it.each(['', '.', '..', '.hidden', '-x', 'a/b', 'a b', 'a\n', 'x'.repeat(64), 'é'])(
    'rejects the set name %j, because set names are file names',
    (name) => {
      expect(isSetName(name)).toBe(false);
    },
  );
});
