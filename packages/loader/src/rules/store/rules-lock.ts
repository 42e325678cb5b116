/**
 * Who may change the rules on the disk: a loader, which holds the state directory from before it reads them until it ends,
 * or one `packetlog rules` at a time while no loader has it. Both lock the directory itself (flock(2)); a command holds
 * `rules.lock` besides, so that a loader that starts meanwhile knows that the directory will be free soon.
 */
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { SetupError } from '../../errors/setup-error.ts';
import { lockFile } from '../../native/bpf-objects.ts';
import { type Holder, holderOf, isOther, lockPath, openDirectory } from './lock-holder.ts';
import type { StatePaths } from './state-directory.ts';

const AGAIN_MS = 20;
/** For another command. */
const WAIT_MS = 10_000;
/** For a loader that starts, which reads lists of a million lines first. */
const WAIT_FOR_LOADER_MS = 60_000;

export interface LockOptions {
  /** Whether a loader answers at the control socket: then it is the one to ask. */
  readonly isServed?: () => Promise<boolean>;
  /** For each holder that it waits for; default: by what the holder is. */
  readonly waitMs?: number;
}

/**
 * Resolves with what releases it, as the end of the process does; undefined: a loader serves by now. Throws SetupError
 * when the same loader or command holds it for long, and what `isServed` throws.
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
    let holder: Holder | undefined;
    for (let since = 0; ; await delay(AGAIN_MS)) {
      if (lockFile(rules) && lockFile(state)) return release;
      if (await isServed()) break;
      // Of the directory: the command that holds `rules.lock` may itself be waiting for a loader.
      const seen = holderOf(directory, state);
      if (holder === undefined || isOther(seen, holder)) since = performance.now();
      holder = seen;
      const longestMs = waitMs ?? (holder.isCommand && holder.pid !== undefined ? WAIT_MS : WAIT_FOR_LOADER_MS);
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
    const problem = 'another packetlog, perhaps in another PID namespace, uses them and does not finish';
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
    next: 'It may still be starting or ending: try again. If it stays so, its log says why.',
  });
}
