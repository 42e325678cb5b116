/** Removes what a killed process left next to the files that it was replacing (`atomic-file.ts`). */
import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { asOwnerOf } from '../../system/service-user.ts';
import type { StatePaths } from './state-directory.ts';

/** `.<name>.<pid>.tmp`, and `.old` for the version before. */
const UNFINISHED = /^\.(.+)\.(\d+)\.(?:tmp|old)$/;

/**
 * Call it after the state directory is locked, before anything is written. Files of processes that are running stay.
 * Never throws: they only take up space.
 */
export function removeUnfinished({ directory, sets, fleet, rules }: StatePaths): void {
  for (const path of [directory, sets, fleet]) removeIn(path, () => true);
  removeIn(dirname(rules), (name) => name === basename(rules));
}

function removeIn(directory: string, isOurs: (name: string) => boolean): void {
  try {
    asOwnerOf(directory, () => {
      for (const entry of readdirSync(directory)) {
        const [, name, pid] = UNFINISHED.exec(entry) ?? [];
        if (name === undefined || !isOurs(name) || isRunning(Number(pid))) continue;
        rmSync(join(directory, entry), { force: true });
      }
    });
  } catch {
    // It may not exist, or be read-only.
  }
}

/** In a container, this process may have the pid of the one that was killed. */
function isRunning(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
