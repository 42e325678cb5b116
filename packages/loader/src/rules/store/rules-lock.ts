/**
 * Locks the rules on the disk for a `packetlog rules` command. A loader locks the state directory before it reads the
 * rules, and until it exits; without a loader, one command at a time locks it. Both lock the directory itself
 * (flock(2)). A command also locks `rules.lock`, which shows a starting loader that the directory will be free soon.
 */
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { SetupError } from '../../errors/setup-error.ts';
import { lockFile } from '../../native/bpf-objects.ts';
import { asOwnerOf } from '../../system/service-user.ts';
import { type Holder, holderOf, isOther, lockPath, openDirectory } from './lock-holder.ts';
import type { StatePaths } from './state-directory.ts';

const RETRY_MS = 20;
/** Longest wait for another command. */
const COMMAND_WAIT_MS = 10_000;
/** Longest wait for a starting loader, which may have to read lists of a million lines. */
const LOADER_WAIT_MS = 60_000;

export interface LockOptions {
  /** Returns whether a loader answers at the control socket: requests then go to it. */
  readonly isServed?: () => Promise<boolean>;
  /** Longest wait for each holder; by default it depends on the kind of holder. */
  readonly waitMs?: number;
}

/**
 * Resolves with a function that releases the lock, which also ends with the process; undefined if a loader answers by
 * now. Throws SetupError if the same loader or command holds the lock for too long, and what `isServed` throws.
 */
export async function lockRules(
  { directory }: StatePaths,
  { isServed = async () => false, waitMs }: LockOptions = {},
): Promise<(() => void) | undefined> {
  const rules = asOwnerOf(directory, () => openSync(lockPath(directory), 'w', 0o600));
  let state: number | undefined;
  const release = () => {
    // The directory first: locked without `rules.lock`, it would look held by a loader.
    if (state !== undefined) closeSync(state);
    closeSync(rules);
  };
  try {
    state = openDirectory(directory);
    let holder: Holder | undefined;
    for (let since = 0; ; await delay(RETRY_MS)) {
      if (lockFile(rules) && lockFile(state)) return release;
      if (await isServed()) break;
      // Only the directory's holder matters: a command that holds `rules.lock` may itself be waiting for a loader.
      const seen = holderOf(directory, state);
      if (holder === undefined || isOther(seen, holder)) since = performance.now();
      holder = seen;
      const longestMs = waitMs ?? (holder.isCommand && holder.pid !== undefined ? COMMAND_WAIT_MS : LOADER_WAIT_MS);
      if (performance.now() - since >= longestMs) throw stillHeld(directory, holder);
    }
  } catch (error) {
    release();
    throw error;
  }
  release();
  return undefined;
}

function stillHeld(directory: string, { pid, isCommand }: Holder): SetupError {
  const facts = { step: 'change rules in', target: directory, exit: 'busy' } as const;
  if (pid === undefined) {
    const problem = 'another packetlog, perhaps in another PID namespace, holds the lock on them';
    return new SetupError({
      ...facts,
      problem,
      next: 'Find it on the host or in the other container, then try again.',
    });
  }
  if (isCommand) {
    return new SetupError({
      ...facts,
      problem: `another packetlog rules is changing them (pid ${pid})`,
      next: `Wait until it has ended, then try again. If it is stopped, continue it: kill -CONT ${pid}.`,
    });
  }
  return new SetupError({
    ...facts,
    problem: `packetlog with pid ${pid} uses them and does not answer at its control socket`,
    next: 'It may still be starting or ending: try again. If that does not help, see its log.',
  });
}
