/** One loader for each state directory: two would each enforce rules that only one of them is told to change. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { lockOwner, readLocks } from '../kernel/lock-owner.ts';
import { lockFile } from '../native/pinning.ts';
import { SetupError } from '../setup-error.ts';

/**
 * Holds the directory until this process ends. Throws SetupError if another loader does. One that cannot be opened is not
 * shared either: nothing is kept in it.
 */
export function lockStateDirectory(path: string): void {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch {
    return;
  }
  if (lockFile(fd)) return;
  const pid = lockOwner(readLocks(), fstatSync(fd, { bigint: true }).ino);
  closeSync(fd);
  throw new SetupError({
    step: 'use state directory',
    target: path,
    problem: `packetlog${pid === undefined ? '' : ` with pid ${pid}`} uses it, perhaps in another network namespace: packetlog rules could not tell the two apart`,
    next: `${pid === undefined ? 'End it first' : `End it first (kill ${pid})`}, or give this one a directory of its own: PACKETLOG_STATE_DIR=DIR.`,
    exit: 'busy',
  });
}
