/** Ensures that only one loader uses a state directory: with two, a change would reach only one of them. */
import { closeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { SetupError } from '../../errors/setup-error.ts';
import { lockFile } from '../../native/bpf-objects.ts';
import { type Holder, holderOf, isOther, openDirectory } from './lock-holder.ts';

/** For other directories that only one process may use. */
export { lockFile };

const RETRY_MS = 20;
/** Longest wait for one command. */
const WAIT_MS = 60_000;
/** A killed command may lose `rules.lock` shortly before the directory, and looks like a loader in between. */
const LOADER_MS = 100;
const FIRST_NOTICE_MS = 1000;
const NOTICE_MS = 10_000;

export interface StateLockOptions {
  /** Ends the wait when it resolves. */
  readonly stop: Promise<unknown>;
  /** Reports what the loader waits for: after 1 s, then every 10 s. */
  readonly notice: (message: string) => void;
  /** Longest wait for one command. */
  readonly waitMs?: number;
  /** After this time, a holder without `rules.lock` counts as another loader. */
  readonly loaderMs?: number;
}

/**
 * Locks the directory so that no command changes the rules in it. Call it before they are read. Waits for a command
 * that holds the lock. Resolves with a function that releases the lock, which also ends with the process; undefined if
 * `stop` resolved first. Throws SetupError if another loader holds the lock, or one command for too long. Does not lock
 * a directory that cannot be opened: nothing can be stored in it.
 */
export async function lockStateDirectory(path: string, options: StateLockOptions): Promise<(() => void) | undefined> {
  let fd: number;
  try {
    fd = openDirectory(path);
  } catch {
    return () => {};
  }
  const release = () => closeSync(fd);
  try {
    if (await waitForLock(path, fd, options)) return release;
  } catch (error) {
    release();
    throw error;
  }
  release();
  return undefined;
}

/** Waits for the lock. Resolves with false if `stop` resolved first. */
async function waitForLock(path: string, fd: number, options: StateLockOptions): Promise<boolean> {
  const { stop, notice, waitMs = WAIT_MS, loaderMs = LOADER_MS } = options;
  let isStopped = false;
  void stop.then(() => {
    isStopped = true;
  });
  const begin = performance.now();
  let noticeMs = FIRST_NOTICE_MS;
  let holder: Holder | undefined;
  for (let since = begin; !lockFile(fd); await delay(RETRY_MS)) {
    if (isStopped) return false;
    const seen = holderOf(path, fd);
    const now = performance.now();
    // Each command gets its own wait, and two successive holders are not one loader.
    if (holder === undefined || isOther(seen, holder)) since = now;
    holder = seen;
    if (!holder.isCommand && now - since >= loaderMs) throw heldByLoader(path, holder.pid);
    if (now - since >= waitMs) throw heldByCommand(path, holder.pid, waitMs);
    if (now - begin < noticeMs) continue;
    notice(waiting(path, holder.pid, Math.floor((now - begin) / 1000)));
    noticeMs = noticeMs === FIRST_NOTICE_MS ? NOTICE_MS : noticeMs + NOTICE_MS;
  }
  return true;
}

function waiting(path: string, pid: number | undefined, seconds: number): string {
  const next = pid === undefined ? '' : ` If it is stopped, continue it: kill -CONT ${pid}.`;
  return `Waiting for packetlog rules${withPid(pid)} to finish changing the rules in ${path}, for ${seconds} s so far.${next}`;
}

/** Returns the error for a directory that a running loader uses. */
export function heldByLoader(path: string, pid: number | undefined): SetupError {
  return new SetupError({
    step: 'use state directory',
    target: path,
    problem: `packetlog${pid === undefined ? '' : ` with pid ${pid}`} already uses it, perhaps in another network namespace`,
    next: `${pid === undefined ? 'End it first' : `End it first (kill ${pid})`}, or give this one another directory: PACKETLOG_STATE_DIR=DIR.`,
    exit: 'busy',
  });
}

/**
 * Does not exit with `busy`, after which the service manager would not restart the loader: the command may finish, and
 * until a loader starts there is no firewall.
 */
function heldByCommand(path: string, pid: number | undefined, waitedMs: number): SetupError {
  const advice =
    pid === undefined ? 'continue it or end it' : `continue it (kill -CONT ${pid}) or end it (kill -KILL ${pid})`;
  return new SetupError({
    step: 'use state directory',
    target: path,
    problem: `packetlog rules${withPid(pid)} has been changing the rules in it for ${Math.round(waitedMs / 1000)} s`,
    next: `If it is stopped, ${advice}; then start packetlog again.`,
    exit: 'failed',
  });
}

function withPid(pid: number | undefined): string {
  return pid === undefined ? '' : ` (pid ${pid})`;
}
