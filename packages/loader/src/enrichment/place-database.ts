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

/** Maximum values of an entry that are stored elsewhere in the file. Entries have tens of them. */
const MAX_POINTERS = 1000;

/**
 * The values that one lookup found at pointers. Each is read once, and there is a limit: in a file made for that, a few
 * hundred bytes of lists that point to lists would take forever.
 */
class PointedValues {
  readonly #values = new Map<string | number, unknown>();
  #left = MAX_POINTERS;

  begin(): void {
    this.#values.clear();
    this.#left = MAX_POINTERS;
  }

  get(offset: string | number): unknown {
    if (--this.#left < 0) throw new Error(`more than ${MAX_POINTERS} pointers in an entry`);
    return this.#values.get(offset);
  }

  set(offset: string | number, value: unknown): void {
    this.#values.set(offset, value);
  }
}

/** Opens the content of `file`. Throws SetupError. */
export function openPlaceDatabase(file: string, bytes: Buffer): PlaceDatabase {
  const pointed = new PointedValues();
  const reader = readerOf(bytes, file, pointed);
  const { databaseType, buildEpoch, ipVersion } = reader.metadata;
  return {
    file,
    label: `${databaseType} of ${buildEpoch.toISOString().slice(0, 10)}`,
    find: (address) => {
      // The reader would follow the bits of an IPv6 address through a tree for IPv4.
      if (ipVersion === 4 && address.includes(':')) return undefined;
      try {
        pointed.begin();
        return placeOf(reader.get(address));
      } catch {
        // A damaged entry counts as missing.
        return undefined;
      }
    },
  };
}

function readerOf(bytes: Buffer, file: string, cache: PointedValues): Reader<Response> {
  try {
    const reader = new Reader<Response>(bytes, { cache });
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
