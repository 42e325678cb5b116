/**
 * Who may change the rules on the disk: a loader, which holds the state directory from before it reads them until it ends,
 * or one `packetlog rules` at a time while no loader has it. Both lock the directory itself (flock(2)); a command holds
 * `rules.lock` besides, so that a loader that starts meanwhile knows that the directory will be free soon.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SetupError } from '../../errors/setup-error.ts';
import { lockFile } from '../../native/bpf-objects.ts';
import { lockOwner, readLocks } from '../../system/lock-owner.ts';
import type { StatePaths } from './state-directory.ts';

const AGAIN_MS = 20;
/** For another command. */
const WAIT_MS = 10_000;
/** For a loader that starts, which reads lists of a million lines first. */
const WAIT_FOR_LOADER_MS = 60_000;

export interface LockOptions {
  /** Whether a loader answers at the control socket: then it is the one to ask. */
  readonly isServed?: () => Promise<boolean>;
  readonly waitMs?: number;
}

/**
 * Resolves with what releases it, as the end of the process does; undefined: a loader serves by now. Throws SetupError
 * when a loader or another command holds it for long, and what `isServed` throws.
 */
export async function lockRules(
  { directory }: StatePaths,
  { isServed = async () => false, waitMs }: LockOptions = {},
): Promise<(() => void) | undefined> {
  const rules = openSync(lockPath(directory), 'w', 0o600);
  let state: number | undefined;
  const release = () => {
    // In this order: a directory that is locked without `rules.lock` is that of a loader.
    if (state !== undefined) closeSync(state);
    closeSync(rules);
  };
  try {
    state = openDirectory(directory);
    for (const begin = performance.now(); ; await delay(AGAIN_MS)) {
      const isFirst = lockFile(rules);
      if (isFirst && lockFile(state)) return release;
      if (await isServed()) break;
      const longestMs = waitMs ?? (isFirst ? WAIT_FOR_LOADER_MS : WAIT_MS);
      if (performance.now() - begin >= longestMs)
        throw isFirst ? heldByLoader(directory, state) : heldByCommand(directory);
    }
  } catch (error) {
    release();
    throw error;
  }
  release();
  return undefined;
}

/** Whether a command changes the rules in this directory, or is about to. */
export function isCommandAtWork(directory: string): boolean {
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

/** For flock(2). Throws what the file system says. */
export function openDirectory(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
}

/** The process that holds the lock, if this one can see it. */
export function holderOf(fd: number): number | undefined {
  return lockOwner(readLocks(), fstatSync(fd, { bigint: true }).ino);
}

function lockPath(directory: string): string {
  return join(directory, 'rules.lock');
}

function heldByCommand(directory: string): SetupError {
  return new SetupError({
    step: 'change rules in',
    target: directory,
    problem: 'another packetlog rules is changing them',
    next: 'Wait until it has ended, then try again.',
    exit: 'busy',
  });
}

function heldByLoader(directory: string, state: number): SetupError {
  const pid = holderOf(state);
  return new SetupError({
    step: 'change rules in',
    target: directory,
    problem: `packetlog${pid === undefined ? '' : ` with pid ${pid}`} uses them and does not answer at its control socket`,
    next: 'It may still be starting or ending: try again. If it stays so, its log says why.',
    exit: 'busy',
  });
}
