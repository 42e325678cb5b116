/** Reads the files of `--geoip`. */
import { readFile } from 'node:fs/promises';
import { unusable } from './place-database.ts';
import type { PlaceFile } from './places.ts';

/** Reads each file once, in the order given. Throws SetupError. */
export function readPlaceFiles(paths: readonly string[]): Promise<PlaceFile[]> {
  return Promise.all(
    [...new Set(paths)].map(async (path) => {
      const bytes = await readFile(path).catch((cause: unknown) => {
        throw unusable(path, cause instanceof Error ? cause.message : 'it cannot be read', cause);
      });
      return { path, bytes };
    }),
  );
}
