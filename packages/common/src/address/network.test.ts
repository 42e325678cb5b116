import { describe, expect, it } from 'vitest';
import { formatNetwork, NetworkError, parseNetwork } from './network.ts';

describe('parseNetwork', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1/32'],
    ['192.0.2.0/24', '192.0.2.0/24'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['128.0.0.0/1', '128.0.0.0/1'],
    ['2001:DB8:0::1', '2001:db8::1/128'],
    ['2001:db8::/33', '2001:db8::/33'],
    ['::/0', '::/0'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1/128'],
    ['::ffff:0:0/96', '::ffff:0.0.0.0/96'],
  ])('reads %s', (text, canonical) => {
    expect(formatNetwork(parseNetwork(text))).toBe(canonical);
    expect(parseNetwork(canonical)).toEqual(parseNetwork(text));
  });

  it.each([
    ['10.1.2.3/8', '"10.1.2.3/8" has bits set behind its prefix: write 10.0.0.0/8'],
    ['2001:db8::1/32', '"2001:db8::1/32" has bits set behind its prefix: write 2001:db8::/32'],
    ['192.0.2.0/33', '"192.0.2.0/33" has no prefix of 0 to 32 bits behind the slash'],
    ['::/129', '"::/129" has no prefix of 0 to 128 bits behind the slash'],
    ['192.0.2.0/', '"192.0.2.0/" has no prefix of 0 to 32 bits behind the slash'],
    ['192.0.2.0/024', '"192.0.2.0/024" has no prefix'],
    ['192.0.2.0/+8', '"192.0.2.0/+8" has no prefix'],
    ['192.0.2.0/24/24', '"192.0.2.0/24/24" has no prefix'],
    ['192.0.2', '"192.0.2" is neither an address nor a network'],
    ['example.org', 'write 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32'],
    ['fe80::1%eth0', '"fe80::1%eth0" is neither'],
    ['', '"" is neither'],
    ['/8', '"/8" is neither'],
  ])('rejects %j with what to write instead', (text, message) => {
    expect(() => parseNetwork(text)).toThrow(NetworkError);
    expect(() => parseNetwork(text)).toThrow(message);
  });
});
