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
  /** Also returns the network to which that applies. Never throws. */
  entryOf(address: string): PlaceEntry;
}

export interface PlaceEntry {
  /** Undefined: the file has no place for this network. */
  readonly place: Place | undefined;
  /** Length of the prefix, of 32 bits for IPv4 and of 128 bits for IPv6. */
  readonly prefix: number;
}

/** Maximum values of an entry that are stored elsewhere in the file. Entries have tens of them. */
const MAX_POINTERS = 1000;
/** Places that are kept. Most networks share an entry with others, and decoding it costs more than finding it. */
const MAX_PLACES = 4096;

class KnownPlace {
  readonly place: Place | undefined;

  constructor(place: Place | undefined) {
    this.place = place;
  }
}

/**
 * The values that one lookup found at pointers. Each is read once, and there is a limit: in a file made for that, a few
 * hundred bytes of lists that point to lists would take forever. Places of earlier lookups are known by the offset of
 * their entry.
 */
class PointedValues {
  readonly #values = new Map<string | number, unknown>();
  readonly #places = new Map<string | number, KnownPlace>();
  /** Offset of the entry; undefined: not known yet. */
  #entry: string | number | undefined;
  #left = MAX_POINTERS;

  begin(): void {
    this.#values.clear();
    this.#entry = undefined;
    this.#left = MAX_POINTERS;
  }

  /** Keeps the place of the entry that was read. */
  learn(place: Place | undefined): void {
    if (this.#entry === undefined) return;
    if (this.#places.size >= MAX_PLACES) this.#places.clear();
    this.#places.set(this.#entry, new KnownPlace(place));
  }

  /** The reader asks for the entry first, then for what it points to. It takes the `value` of what is returned. */
  get(offset: string | number): unknown {
    if (this.#entry === undefined) {
      this.#entry = offset;
      const known = this.#places.get(offset);
      if (known !== undefined) return { value: known, offset };
    }
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
  const entryOf = (address: string): PlaceEntry => {
    const isIpv6 = address.includes(':');
    // The reader would follow the bits of an IPv6 address through a tree for IPv4.
    if (ipVersion === 4 && isIpv6) return { place: undefined, prefix: 0 };
    try {
      pointed.begin();
      const [found, prefix] = reader.getWithPrefixLength(address) as [unknown, number];
      if (found instanceof KnownPlace) return { place: found.place, prefix };
      const place = placeOf(found);
      pointed.learn(place);
      return { place, prefix };
    } catch {
      // A damaged entry counts as missing.
      return { place: undefined, prefix: isIpv6 ? 128 : 32 };
    }
  };
  return {
    file,
    label: `${databaseType} of ${buildEpoch.toISOString().slice(0, 10)}`,
    find: (address) => entryOf(address).place,
    entryOf,
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
