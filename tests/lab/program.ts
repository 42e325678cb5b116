/** Finds programs of packages that the tests only unpack (scripts/system/unpack.mjs). */
import { accessSync, constants } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const UNPACKED = fileURLToPath(new URL('../../node_modules/.cache/packetlog-programs', import.meta.url));

/** Returns the path of a program, such as `usr/bin/prometheus`: the installed one, otherwise the unpacked one. */
export function programPath(path: string): string {
  const directories = (process.env['PATH'] ?? '').split(delimiter);
  const candidates = [...directories.map((directory) => join(directory, basename(path))), join(UNPACKED, path)];
  const found = candidates.find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(`find ${basename(path)}: it is not on PATH, and not unpacked. Run pnpm test, which unpacks it.`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
