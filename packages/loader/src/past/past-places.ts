/** The files of `--geoip` as the thread for questions has opened them. */
import { openPlaceDatabase, type PlaceDatabase } from '../enrichment/place-database.ts';
import type { PlaceFile } from '../enrichment/places.ts';
import { SetupError } from '../errors/setup-error.ts';

export class PastPlaces {
  #databases: readonly PlaceDatabase[] = [];
  #problem = 'No GeoIP database is loaded. Start the loader with --geoip FILE.mmdb.';

  /** In the order of the options. */
  get databases(): readonly PlaceDatabase[] {
    return this.#databases;
  }

  /** Why there is no database, as whole sentences; undefined if there is one. */
  get problem(): string | undefined {
    return this.#databases.length === 0 ? this.#problem : undefined;
  }

  /** If a file cannot be used, the earlier ones stay. */
  replace(files: readonly PlaceFile[]): void {
    try {
      this.#databases = files.map(({ path, bytes }) => openPlaceDatabase(path, bufferOf(bytes)));
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      this.failed(error.message);
    }
  }

  /** The files could not be read: the earlier ones stay. */
  failed(problem: string): void {
    this.#problem = problem;
  }
}

/** Between threads, a Buffer becomes a Uint8Array. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
