/**
 * The request that the program stays on its interfaces when the loader ends: a file in the state directory. An upgrade of
 * the package creates it before it replaces the loader, so that the new loader takes over and no packet is missed, also
 * where no rule denies anything.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { StatePaths } from './state-directory.ts';

const requestOf = ({ directory }: StatePaths) => join(directory, 'stay-attached');

export function isAskedToStay(paths: StatePaths): boolean {
  return existsSync(requestOf(paths));
}

/** Removes the request: it is for one end of the loader. Does nothing if it cannot be removed. */
export function endStay(paths: StatePaths): void {
  try {
    rmSync(requestOf(paths), { force: true });
  } catch {
    // The directory is not ours to write: then no request is made here either.
  }
}
