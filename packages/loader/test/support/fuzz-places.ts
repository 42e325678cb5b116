/** Databases of places (`--geoip`) as a target of fuzz-targets.ts. */
import { placesSchema } from '@packetlog/common';
import { openPlaceDatabase } from '../../src/enrichment/place-database.ts';
import { SetupError } from '../../src/errors/setup-error.ts';
import { laughingEntry, mmdb } from './fake-mmdb.ts';

const ADDRESSES = ['203.0.113.7', '203.0.113.200', '2001:db8::7', '::', '255.255.255.255'];

/** A database is rejected with a reason, or finds places that the protocol allows, or none. */
function places(bytes: Uint8Array): void {
  try {
    const database = openPlaceDatabase('fuzzed', Buffer.from(bytes));
    for (const address of ADDRESSES) placesSchema.parse({ [address]: database.find(address) ?? null });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
  }
}

export const PLACES_TARGET = {
  name: 'places',
  maxBytes: 64 * 1024,
  seeds: [
    mmdb('Country', { '203.0.113.0/24': { country: { iso_code: 'NZ', names: { en: 'New Zealand' } } } }),
    mmdb('Country', { '2001:db8::/32': { registered_country: { iso_code: 'FR', names: { en: 'France' } } } }),
    mmdb('ASN', { '203.0.0.0/8': { autonomous_system_number: 64_496, autonomous_system_organization: 'Example' } }),
    mmdb('Both', { '203.0.0.0/8': { asn: 'AS64496', as_name: 'a\u202eb', country_code: 'IS', country_name: 'x' } }),
    mmdb('V4', { '128.0.0.0/1': { country: 'AQ', asn: 'no', name: '' } }, 4),
    mmdb('Lists', { '::/1': laughingEntry('NZ', 6) }),
  ],
  run: places,
};
