/** Reads an entry of a database from any provider: providers name the same fields differently. Pure. */
import type { Place } from '@packetlog/common';

const MAX_TEXT_LENGTH = 120;

/** Returns the place in an entry; undefined if it contains none. */
export function placeOf(entry: unknown): Place | undefined {
  const country = textsOf(entry, [
    ['country', 'iso_code'],
    ['registered_country', 'iso_code'],
    ['country_code'],
    ['country'],
  ]);
  const code = country.find((text) => /^[A-Z]{2}$/.test(text));
  const [name] = textsOf(entry, [['country', 'names', 'en'], ['registered_country', 'names', 'en'], ['country_name']]);
  const asn = numberOf(at(entry, ['autonomous_system_number']) ?? at(entry, ['asn']));
  const [organisation] = textsOf(entry, [
    ['autonomous_system_organization'],
    ['as_name'],
    ['as_organization'],
    ['name'],
  ]);
  const place: Place = {
    ...(code !== undefined && { country: code }),
    ...(code !== undefined && name !== undefined && { country_name: name }),
    ...(asn !== undefined && { asn }),
    ...(asn !== undefined && organisation !== undefined && { organisation }),
  };
  return Object.keys(place).length > 0 ? place : undefined;
}

function at(entry: unknown, path: readonly string[]): unknown {
  let value = entry;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/**
 * Returns the non-empty texts at these paths, in order, with control characters that a terminal would interpret
 * replaced by spaces.
 */
function textsOf(entry: unknown, paths: readonly (readonly string[])[]): readonly string[] {
  return paths
    .map((path) => at(entry, path))
    .filter((value): value is string => typeof value === 'string' && value !== '')
    .map((text) => text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, ' ').slice(0, MAX_TEXT_LENGTH));
}

/** Parses an AS number: 15169 or `AS15169`. */
function numberOf(value: unknown): number | undefined {
  const [, digits = ''] = /^(?:AS)?(\d{1,10})$/.exec(String(value)) ?? [];
  const number = Number(digits);
  return digits !== '' && number <= 0xffff_ffff ? number : undefined;
}
