import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { placesSchema } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mmdb } from '../../test/support/fake-mmdb.ts';
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
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'packetlog-places-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  async function file(name: string, bytes: Uint8Array): Promise<string> {
    const path = join(directory, name);
    await writeFile(path, bytes);
    return path;
  }

  it('combines the files, for IPv4 and IPv6, and returns null where they have nothing', async () => {
    const places = await Places.open([await file('country', COUNTRIES), await file('asn', NETWORKS)]);
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

  it('finds nothing about IPv6 in a file about IPv4', async () => {
    const places = await Places.open([await file('v4', mmdb('V4', { '0.0.0.0/1': { country_code: 'NZ' } }, 4))]);
    expect(places.find(['1.2.3.4', '::1', '200.1.1.1'])).toEqual({
      '1.2.3.4': { country: 'NZ' },
      '::1': null,
      '200.1.1.1': null,
    });
  });

  it('reads files again, and keeps the old data if one cannot be read', async () => {
    const path = await file('country', COUNTRIES);
    const places = await Places.open([path]);
    expect(places.find(['203.0.113.7'])).toMatchObject({ '203.0.113.7': { country: 'NZ' } });
    await file('country', mmdb('Newer', { '203.0.113.0/24': { country: 'AQ' } }));
    await places.reload();
    expect(places.find(['203.0.113.7'])).toEqual({ '203.0.113.7': { country: 'AQ' } });
    await file('country', COUNTRIES.subarray(0, 500));
    await expect(places.reload()).rejects.toThrow(SetupError);
    expect(places.find(['203.0.113.7'])).toEqual({ '203.0.113.7': { country: 'AQ' } });
  });

  it.each<[what: string, bytes: Uint8Array | undefined, problem: RegExp]>([
    ['is not there', undefined, /no such file.*omit --geoip/],
    ['is empty', new Uint8Array(0), /not an MMDB file/],
    ['is something else', Buffer.from('ip,country\n203.0.113.0/24,NZ\n'), /not an MMDB file.*Use a database/],
    ['was cut off', COUNTRIES.subarray(0, COUNTRIES.length - 40), /not an MMDB file/],
  ])('rejects a file that %s, with the next action', async (_, bytes, problem) => {
    const path = bytes === undefined ? join(directory, 'absent') : await file('bad', bytes);
    const error = await Places.open([path]).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(SetupError);
    expect((error as SetupError).message).toMatch(problem);
    expect((error as SetupError).facts).toMatchObject({ exit: 'usage', target: path });
  });

  it('returns valid places or a SetupError for any damage of a file', async () => {
    const intact = Buffer.from(COUNTRIES);
    const tree = intact.indexOf('country');
    for (let at = 0; at < intact.length; at++) {
      const bytes = Buffer.from(intact);
      bytes[at] = (bytes[at] as number) ^ (at < tree ? 0x01 : 0xe0);
      const path = await file('damaged', bytes);
      const places = await Places.open([path]).catch((error: unknown) => error);
      if (places instanceof Places) placesSchema.parse(places.find(['203.0.113.7', '2001:db8::7', '1.1.1.1']));
      else expect(places).toBeInstanceOf(SetupError);
    }
  });
});
