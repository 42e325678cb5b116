import { isIP, isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { addressBytes } from '../../test/support/packet-log.arbitrary.ts';
import { AddressError, formatAddress, parseAddress } from './address.ts';

/** Formats the 16 bytes with ipaddr.js, which detects IPv4 independently. */
function witness(bytes: Uint8Array): string {
  const address = new ipaddr.IPv6([...bytes]);
  return address.isIPv4MappedAddress() ? address.toIPv4Address().toString() : address.toRFC5952String();
}

describe('formatAddress', () => {
  it.each([
    // RFC 5952 section 4.1: leading zeros
    ['2001:0db8::0001', '2001:db8::1'],
    ['2001:db8:aaaa:bbbb:cccc:dddd:0:1', '2001:db8:aaaa:bbbb:cccc:dddd:0:1'],
    // section 4.2.1: shorten as much as possible
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    // section 4.2.2: not for one group alone
    ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    // section 4.2.3: the longest run, of equals the first
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    // section 4.3: lower case
    ['2001:DB8:AAAA:BBBB:CCCC:DDDD:EEEE:FFFF', '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['0:1:0:0:0:0:0:0', '0:1::'],
    // section 5 asks for a dotted tail only where the prefix is known: mapped addresses are IPv4 here
    ['::ffff:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:0:0', '0.0.0.0'],
    ['::c000:201', '::c000:201'],
    ['::1:ffff:c000:201', '::1:ffff:c000:201'],
    ['100::ffff:c000:201', '100::ffff:c000:201'],
    ['::ff00:c000:201', '::ff00:c000:201'],
    ['::ff:c000:201', '::ff:c000:201'],
    ['::ffff:0:c000:201', '::ffff:0:c000:201'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ])('writes %s as %s', (given, expected) => {
    expect(formatAddress(parseAddress(given))).toBe(expected);
  });

  it('agrees with ipaddr.js on every address', () => {
    fc.assert(
      fc.property(addressBytes, (bytes) => {
        expect(formatAddress(bytes)).toBe(witness(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  it('agrees with ipaddr.js on every pattern of zero groups', () => {
    for (let pattern = 0; pattern < 256; pattern++) {
      const bytes = new Uint8Array(16);
      for (let group = 0; group < 8; group++) if (pattern & (1 << group)) bytes[2 * group + 1] = group + 1;
      expect(formatAddress(bytes)).toBe(witness(bytes));
    }
  });

  it('reads at the given offset', () => {
    const bytes = new Uint8Array(40);
    bytes.set(parseAddress('2001:db8::7'), 3);
    bytes.set(parseAddress('192.0.2.7'), 19);
    expect([formatAddress(bytes, 3), formatAddress(bytes, 19)]).toEqual(['2001:db8::7', '192.0.2.7']);
  });

  it.each([-1, 1, 16, Number.NaN])('rejects offset %d of 16 bytes', (offset) => {
    expect(() => formatAddress(new Uint8Array(16), offset)).toThrow(RangeError);
  });
});

describe('parseAddress', () => {
  it('parses every formatted address to the same bytes', () => {
    fc.assert(
      fc.property(addressBytes, (bytes) => {
        expect(parseAddress(formatAddress(bytes))).toEqual(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads IPv4, mapped IPv4 and a dotted tail', () => {
    expect(parseAddress('192.0.2.1')).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1));
    expect(parseAddress('::ffff:192.0.2.1')).toEqual(parseAddress('192.0.2.1'));
    expect(parseAddress('::192.0.2.1')).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1));
    expect(parseAddress('1:2:3:4:5:6:192.0.2.1')).toEqual(parseAddress('1:2:3:4:5:6:c000:201'));
  });

  it.each([
    '',
    'localhost',
    '192.0.2',
    '192.0.2.256',
    '192.0.2.01',
    '0x7f.0.0.1',
    '2130706433',
    '192.0.2.1/24',
    ' 192.0.2.1',
    '192.0.2.1\n',
    '2001:db8::1%eth0',
    '2001:db8::/32',
    '[::1]',
    '2001:db8::00001',
    '1::2::3',
    ':::',
    ':1',
    '1:',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:192.0.2.1',
    '::192.0.2.01',
    '::192.0.2.1:5',
    'g::1',
  ])('rejects %j and keeps it in the error', (text) => {
    const parse = () => parseAddress(text);
    expect(parse).toThrow(AddressError);
    expect(parse).toThrow(expect.objectContaining({ name: 'AddressError', text }));
  });

  it('accepts exactly what the operating system accepts', () => {
    const piece = fc.constantFrom('0', '1', 'ffff', '00001', ':', '::', '.', '192.0.2.1', 'g', 'ABC', '10', '256', '');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 17 }), (pieces) => {
        const text = pieces.join('');
        let parsed = true;
        try {
          parseAddress(text);
        } catch (error) {
          expect(error).toBeInstanceOf(AddressError);
          parsed = false;
        }
        expect(parsed, text).toBe(isIP(text) !== 0);
      }),
      { numRuns: 5000 },
    );
  });

  it('writes text that the operating system reads as the same family', () => {
    fc.assert(
      fc.property(addressBytes, (bytes) => {
        const text = formatAddress(bytes);
        expect(text.includes(':') ? isIPv6(text) : isIPv4(text)).toBe(true);
      }),
    );
  });
});
