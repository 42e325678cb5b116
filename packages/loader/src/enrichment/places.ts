/** Looks up countries and networks of addresses in files that the operator specified. Sends no queries. */
import type { Place } from '@packetlog/common';
import { openPlaceDatabase, type PlaceDatabase } from './place-database.ts';

const KEPT = 8192;

export class Places {
  readonly #files: readonly string[];
  #databases: readonly PlaceDatabase[];
  readonly #cache = new Map<string, Place | null>();

  private constructor(files: readonly string[], databases: readonly PlaceDatabase[]) {
    this.#files = files;
    this.#databases = databases;
  }

  /** Opens the files. If several files have the same field of an address, the first file wins. Throws SetupError. */
  static async open(files: readonly string[]): Promise<Places> {
    return new Places(files, await Promise.all(files.map(openPlaceDatabase)));
  }

  /** Returns `GeoLite2-Country of 2026-01-31`, for each file. */
  get labels(): readonly string[] {
    return this.#databases.map(({ label }) => label);
  }

  /** Reads the files again. On failure throws SetupError and keeps the old data. */
  async reload(): Promise<void> {
    this.#databases = await Promise.all(this.#files.map(openPlaceDatabase));
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
