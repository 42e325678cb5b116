/** Reads the files of `--geoip`. */
import { readFile } from 'node:fs/promises';
import { readGivenFile } from '../ipc/helpers/given-files.ts';
import { unusable } from './place-database.ts';
import type { PlaceFile } from './places.ts';

/** Reads each file once, in the order given. Throws SetupError. */
export function readPlaceFiles(paths: readonly string[]): Promise<PlaceFile[]> {
  return Promise.all(
    [...new Set(paths)].map(async (path) => {
      const bytes = await readWhole(path).catch((cause: unknown) => {
        throw unusable(path, cause instanceof Error ? cause.message : 'it cannot be read', cause);
      });
      return { path, bytes };
    }),
  );
}

/** Lets the helper read the file if this process may not open it. */
async function readWhole(path: string): Promise<Buffer> {
  return await readFile(path).catch(() => readGivenFile(path));
}
