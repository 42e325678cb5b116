import { placesSchema } from '@packetlog/common';
import { describe, expect, it, vi } from 'vitest';
import { laughingEntry, mmdb } from '../../test/support/fake-mmdb.ts';
import { SetupError } from '../errors/setup-error.ts';
import { Places } from './places.ts';

const COUNTRIES = mmdb('Test-Country', {
  '203.0.113.0/24': { country: { iso_code: 'NZ', names: { en: 'New Zealand', de: 'Neuseeland' } } },
  '203.0.113.128/25': { registered_country: { iso_code: 'FR', names: { en: 'France' } } },
  '2001:db8::/32': { country: { iso_code: 'IS', names: { en: 'Iceland' } } },
});
const NETWORKS = mmdb('Test-ASN', {
  '203.0.0.0/8': { autonomous_system_number: 64_496, autonomous_system_organization: 'Example Networks' },
});

describe('Places', () => {
  const file = (path: string, bytes: Uint8Array) => ({ path, bytes: Buffer.from(bytes) });

  it('combines the files, for IPv4 and IPv6, and returns null where they have nothing', () => {
    const places = new Places([file('country', COUNTRIES), file('asn', NETWORKS)]);
    expect(places.labels).toEqual(['Test-Country of 2026-01-31', 'Test-ASN of 2026-01-31']);
    const found = places.find(['203.0.113.7', '203.0.113.200', '203.1.1.1', '2001:db8::7', '192.0.2.1', '2001:db9::']);
    const network = { asn: 64_496, organisation: 'Example Networks' };
    expect(found).toEqual({
      '203.0.113.7': { country: 'NZ', country_name: 'New Zealand', ...network },
      '203.0.113.200': { country: 'FR', country_name: 'France', ...network },
      '203.1.1.1': network,
      '2001:db8::7': { country: 'IS', country_name: 'Iceland' },
      '192.0.2.1': null,
      '2001:db9::': null,
    });
    expect(placesSchema.parse(found)).toEqual(found);
    expect(places.find(['203.0.113.7'])).toEqual({ '203.0.113.7': found['203.0.113.7'] });
  });

  it('finds nothing about IPv6 in a file about IPv4', () => {
    const places = new Places([file('v4', mmdb('V4', { '0.0.0.0/1': { country_code: 'NZ' } }, 4))]);
    expect(places.find(['1.2.3.4', '::1', '200.1.1.1'])).toEqual({
      '1.2.3.4': { country: 'NZ' },
      '::1': null,
      '200.1.1.1': null,
    });
  });

  it('reads a value that an entry points to often only once', () => {
    const places = new Places([file('laughs', mmdb('X', { '0.0.0.0/1': laughingEntry('NZ', 4) }, 4))]);
    const read = vi.spyOn(Buffer.prototype, 'toString');
    try {
      expect(places.find(['1.2.3.4'])).toEqual({ '1.2.3.4': { country: 'NZ' } });
      expect(read.mock.calls.length).toBeLessThan(20);
    } finally {
      read.mockRestore();
    }
  });

  it('reads an entry once, however many addresses have it', () => {
    const places = new Places([file('country', mmdb('X', { '0.0.0.0/1': { country: 'NZ' } }, 4))]);
    expect(places.find(['1.2.3.4'])).toEqual({ '1.2.3.4': { country: 'NZ' } });
    const read = vi.spyOn(Buffer.prototype, 'toString');
    try {
      expect(places.find(['1.2.3.5', '9.9.9.9'])).toEqual({
        '1.2.3.5': { country: 'NZ' },
        '9.9.9.9': { country: 'NZ' },
      });
      expect(read).not.toHaveBeenCalled();
    } finally {
      read.mockRestore();
    }
  });

  it('finds nothing in an entry with thousands of pointers', () => {
    const places = new Places([file('laughs', mmdb('X', { '0.0.0.0/1': laughingEntry('NZ', 200) }, 4))]);
    expect(places.find(['1.2.3.4'])).toEqual({ '1.2.3.4': null });
  });

  it('replaces files, and keeps the old data if one cannot be used', () => {
    const places = new Places([file('country', COUNTRIES)]);
    expect(places.find(['203.0.113.7'])).toMatchObject({ '203.0.113.7': { country: 'NZ' } });
    places.replace([file('country', mmdb('Newer', { '203.0.113.0/24': { country: 'AQ' } }))]);
    expect(places.find(['203.0.113.7'])).toEqual({ '203.0.113.7': { country: 'AQ' } });
    expect(() => places.replace([file('country', COUNTRIES.subarray(0, 500))])).toThrow(SetupError);
    expect(places.find(['203.0.113.7'])).toEqual({ '203.0.113.7': { country: 'AQ' } });
  });

  it.each<[what: string, bytes: Uint8Array, problem: RegExp]>([
    ['is empty', new Uint8Array(0), /not an MMDB file/],
    ['is something else', Buffer.from('ip,country\n203.0.113.0/24,NZ\n'), /not an MMDB file.*Use a database/],
    ['was cut off', COUNTRIES.subarray(0, COUNTRIES.length - 40), /not an MMDB file/],
  ])('rejects a file that %s, with the next action', (_, bytes, problem) => {
    const open = () => new Places([file('/bad', bytes)]);
    expect(open).toThrow(SetupError);
    expect(open).toThrow(problem);
    expect(open).toThrow(
      expect.objectContaining({ facts: expect.objectContaining({ exit: 'usage', target: '/bad' }) }),
    );
  });

  it('returns valid places or a SetupError for any damage of a file', () => {
    const intact = Buffer.from(COUNTRIES);
    const tree = intact.indexOf('country');
    for (let at = 0; at < intact.length; at++) {
      const bytes = Buffer.from(intact);
      bytes[at] = (bytes[at] as number) ^ (at < tree ? 0x01 : 0xe0);
      try {
        const places = new Places([file('damaged', bytes)]);
        placesSchema.parse(places.find(['203.0.113.7', '2001:db8::7', '1.1.1.1']));
      } catch (error) {
        expect(error).toBeInstanceOf(SetupError);
      }
    }
  });
});
