/** Looks up countries and networks of addresses in files that the operator specified. Sends no queries. */
import type { Place } from '@packetlog/common';
import { openPlaceDatabase, type PlaceDatabase } from './place-database.ts';

const KEPT = 8192;

/** A file in MMDB format. */
export interface PlaceFile {
  readonly path: string;
  readonly bytes: Buffer;
}

export class Places {
  #databases: readonly PlaceDatabase[];
  readonly #cache = new Map<string, Place | null>();

  /** If several files have the same field of an address, the first file wins. Throws SetupError. */
  constructor(files: readonly PlaceFile[]) {
    this.#databases = databasesOf(files);
  }

  /** Returns `GeoLite2-Country of 2026-01-31`, for each file. */
  get labels(): readonly string[] {
    return this.#databases.map(({ label }) => label);
  }

  /** Replaces the files. On failure throws SetupError and keeps the old data. */
  replace(files: readonly PlaceFile[]): void {
    this.#databases = databasesOf(files);
    this.#cache.clear();
  }

  find(addresses: readonly string[]): Record<string, Place | null> {
    return Object.fromEntries(addresses.map((address) => [address, this.#find(address)]));
  }

  #find(address: string): Place | null {
    let place = this.#cache.get(address);
    if (place !== undefined) return place;
    const found = this.#databases.map((database) => database.find(address) ?? {});
    const all = Object.assign({}, ...found.reverse()) as Place;
    place = Object.keys(all).length > 0 ? all : null;
    if (this.#cache.size >= KEPT)
      for (const oldest of this.#cache.keys()) {
        this.#cache.delete(oldest);
        break;
      }
    this.#cache.set(address, place);
    return place;
  }
}

function databasesOf(files: readonly PlaceFile[]): PlaceDatabase[] {
  return files.map(({ path, bytes }) => openPlaceDatabase(path, bytes));
}
