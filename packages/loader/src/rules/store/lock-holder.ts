/** Finds the holder of a state directory: a loader, or a command that changes the rules. */
import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { lockFile } from '../../native/bpf-objects.ts';
import { lockOwners, readLocks } from '../../system/lock-owner.ts';

export interface Holder {
  /** Undefined: the holder is in another PID namespace, or has just released the lock. */
  readonly pid: number | undefined;
  /**
   * True if the holder also holds `rules.lock`. May be false for a command that is being killed: it may lose that lock
   * first.
   */
  readonly isCommand: boolean;
}

/** Returns the path that a command locks before the directory. */
export function lockPath(directory: string): string {
  return join(directory, 'rules.lock');
}

/** Opens a directory for flock(2). Throws the file system's error. */
export function openDirectory(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
}

/** Finds the holder of the lock on `directory`, whose file descriptor is `state`. */
export function holderOf(directory: string, state: number): Holder {
  const locks = readLocks();
  const holders = lockOwners(locks, fstatSync(state, { bigint: true }).ino);
  if (holders.length === 0) return { pid: undefined, isCommand: isCommandRunning(directory) };
  const rules = statSync(lockPath(directory), { bigint: true, throwIfNoEntry: false });
  const commands = rules === undefined ? [] : lockOwners(locks, rules.ino);
  const command = holders.find((pid) => commands.includes(pid));
  return { pid: command ?? holders[0], isCommand: command !== undefined };
}

/** Returns whether two holders differ. */
export function isOther(one: Holder, other: Holder): boolean {
  return one.pid !== other.pid || one.isCommand !== other.isCommand;
}

/** Returns whether a command holds `rules.lock`. For holders that /proc/locks does not show in this PID namespace. */
function isCommandRunning(directory: string): boolean {
  let fd: number;
  try {
    fd = openSync(lockPath(directory), 'r');
  } catch {
    return false;
  }
  const isFree = lockFile(fd);
  closeSync(fd);
  return !isFree;
}
