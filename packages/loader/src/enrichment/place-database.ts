/** Reads an MMDB file (https://maxmind.github.io/MaxMind-DB/), which maps addresses to places, from any provider. */
import type { Place } from '@packetlog/common';
import { Reader, type Response } from 'mmdb-lib';
import { SetupError } from '../errors/setup-error.ts';
import { placeOf } from './place.ts';

export interface PlaceDatabase {
  readonly file: string;
  /** `GeoLite2-Country of 2026-01-31`. */
  readonly label: string;
  /** Returns the place of an address; undefined if the file has none. Never throws. */
  find(address: string): Place | undefined;
}

/** Opens the content of `file`. Throws SetupError. */
export function openPlaceDatabase(file: string, bytes: Buffer): PlaceDatabase {
  const reader = readerOf(bytes, file);
  const { databaseType, buildEpoch, ipVersion } = reader.metadata;
  return {
    file,
    label: `${databaseType} of ${buildEpoch.toISOString().slice(0, 10)}`,
    find: (address) => {
      // The reader would follow the bits of an IPv6 address through a tree for IPv4.
      if (ipVersion === 4 && address.includes(':')) return undefined;
      try {
        return placeOf(reader.get(address));
      } catch {
        // A damaged entry counts as missing.
        return undefined;
      }
    },
  };
}

function readerOf(bytes: Buffer, file: string): Reader<Response> {
  try {
    const reader = new Reader<Response>(bytes);
    const { searchTreeSize, databaseType, buildEpoch } = reader.metadata;
    if (typeof databaseType === 'string' && searchTreeSize < bytes.length && !Number.isNaN(buildEpoch.getTime()))
      return reader;
  } catch (cause) {
    throw unusable(file, 'it is not an MMDB file, or it is truncated', cause);
  }
  throw unusable(file, 'it is not an MMDB file, or it is truncated');
}

/** The error for a file that is not a database, or cannot be read. */
export function unusable(file: string, problem: string, cause?: unknown): SetupError {
  return new SetupError({
    step: 'read --geoip',
    target: file,
    problem,
    next: 'Use a database in MMDB format, such as GeoLite2-Country.mmdb or dbip-asn-lite.mmdb, or omit --geoip.',
    exit: 'usage',
    cause,
  });
}
