import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { addressBytes } from '../../test/support/packet-log.arbitrary.ts';
import { AddressError, formatAddress } from './address.ts';
import { addressMark } from './address-marks.ts';

describe('addressMark', () => {
  it.each([
    ['10.0.0.0', 'private', 'RFC 1918'],
    ['10.255.255.255', 'private', 'RFC 1918'],
    ['172.31.255.255', 'private', 'RFC 1918'],
    ['192.168.1.1', 'private', 'RFC 1918'],
    ['100.64.0.1', 'carrier NAT', 'RFC 6598'],
    ['100.127.255.255', 'carrier NAT', 'RFC 6598'],
    ['127.1.2.3', 'loopback', 'RFC 1122'],
    ['169.254.1.1', 'link-local', 'RFC 3927'],
    ['169.254.169.254', 'cloud metadata', 'RFC 3927'],
    ['203.0.113.7', 'documentation', 'RFC 5737'],
    ['198.19.255.255', 'benchmarking', 'RFC 2544'],
    ['224.0.0.251', 'link multicast', 'RFC 5771'],
    ['239.255.255.250', 'multicast', 'RFC 5771'],
    ['255.255.255.255', 'broadcast', 'RFC 919'],
    ['255.255.255.254', 'reserved', 'RFC 1112'],
    ['0.0.0.0', 'unspecified', 'RFC 1122'],
    ['0.1.2.3', 'this network', 'RFC 791'],
    ['::', 'unspecified', 'RFC 4291'],
    ['::1', 'loopback', 'RFC 4291'],
    ['fe80::1', 'link-local', 'RFC 4291'],
    ['febf:ffff::1', 'link-local', 'RFC 4291'],
    ['fd00::1', 'unique local', 'RFC 4193'],
    ['2001:db8::1', 'documentation', 'RFC 3849'],
    ['3fff:fff::1', 'documentation', 'RFC 9637'],
    ['ff02::fb', 'link multicast', 'RFC 4291'],
    ['ff05::2', 'multicast', 'RFC 4291'],
    ['2001::1', 'Teredo', 'RFC 4380'],
    ['2001:20::1', 'ORCHID', 'RFC 7343'],
    ['64:ff9b::192.0.2.1', 'NAT64', 'RFC 6052'],
  ])('marks %s as %s (%s)', (address, name, source) => {
    expect(addressMark(address)).toMatchObject({ name, source, sentence: expect.stringMatching(/^[A-Z].*\.$/) });
  });

  it.each(['1.1.1.1', '9.255.255.255', '11.0.0.0', '172.15.255.255', '172.32.0.0', '100.128.0.0', '128.0.0.1'])(
    'does not mark %s',
    (address) => {
      expect(addressMark(address)).toBeUndefined();
    },
  );

  it.each(['2606:4700::1111', '2001:db7:ffff::1', '2001:db9::1', 'fbff::1', 'fec0::1', '4000::1', '::2'])(
    'does not mark %s',
    (address) => {
      expect(addressMark(address)).toBeUndefined();
    },
  );

  it('marks the ranges that ipaddr.js considers special', () => {
    fc.assert(
      fc.property(addressBytes, (bytes) => {
        const text = formatAddress(bytes);
        const range = ipaddr.parse(text).range();
        // ipaddr.js names a few more ranges; those it calls private, local or multicast have a mark here.
        if (/^(private|loopback|linkLocal|uniqueLocal|multicast|carrierGradeNat|broadcast|unspecified)$/.test(range)) {
          expect(addressMark(text)).toBeDefined();
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('rejects text that is not an address', () => {
    expect(() => addressMark('localhost')).toThrow(AddressError);
  });
});
