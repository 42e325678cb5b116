/** Assigns addresses to autonomous systems or countries, as the files of `--geoip` say. */
import type { Place, SourceGroup } from '@packetlog/common';
import type { PlaceDatabase } from './place-database.ts';

export type PlaceGroup = Exclude<SourceGroup, 'network'>;

export interface SourcePlace {
  /** `AS64496` or `NZ`; '': no file knows it. */
  readonly name: string;
  /** Of the AS or the country; undefined: the file has no name for it. */
  readonly title: string | undefined;
  /** Length of the prefix in the file that knows it, of 32 bits for IPv4 and of 128 bits for IPv6. */
  readonly prefix: number;
  /** Length of the longest prefix in the files that were read for it. */
  readonly longestPrefix: number;
}

export class SourcePlaces {
  readonly #databases: readonly PlaceDatabase[];
  readonly #by: PlaceGroup;
  /** The files that knew an address. */
  readonly #useful = new Set<PlaceDatabase>();

  constructor(databases: readonly PlaceDatabase[], by: PlaceGroup) {
    this.#databases = databases;
    this.#by = by;
  }

  /**
   * Whether several files knew addresses. If so, the answer applies only to the longest prefix: beside it, another file
   * may decide.
   */
  get isMixed(): boolean {
    return this.#useful.size > 1;
  }

  /** The first file that knows the address decides. */
  find(address: string): SourcePlace {
    let longestPrefix = 0;
    for (const database of this.#databases) {
      const { place, prefix } = database.entryOf(address);
      longestPrefix = Math.max(longestPrefix, prefix);
      const name = nameOf(place, this.#by);
      if (name === '') continue;
      this.#useful.add(database);
      const title = this.#by === 'as' ? place?.organisation : place?.country_name;
      return { name, title, prefix, longestPrefix };
    }
    return { name: '', title: undefined, prefix: longestPrefix, longestPrefix };
  }
}

function nameOf(place: Place | undefined, by: PlaceGroup): string {
  if (by === 'country') return place?.country ?? '';
  return place?.asn === undefined ? '' : `AS${place.asn}`;
}
