/**
 * The request to leave the program attached when the loader exits: a file in the state directory. A package upgrade
 * creates it before it replaces the loader, so that the new loader takes over without missing packets, even if no rule
 * denies anything.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { StatePaths } from './state-directory.ts';

const requestOf = ({ directory }: StatePaths) => join(directory, 'stay-attached');

export function isStayRequested(paths: StatePaths): boolean {
  return existsSync(requestOf(paths));
}

/** Removes the request, which is for one exit of the loader. Does nothing if it cannot be removed. */
export function endStay(paths: StatePaths): void {
  try {
    rmSync(requestOf(paths), { force: true });
  } catch {
    // In a directory that cannot be written, no request is made either.
  }
}
