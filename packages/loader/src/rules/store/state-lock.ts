/** One loader for each state directory: two would each enforce rules that only one of them is told to change. */
import { closeSync } from 'node:fs';
import { SetupError } from '../../errors/setup-error.ts';
import { lockFile } from '../../native/bpf-objects.ts';
import { holderOf, isCommandAtWork, openDirectory } from './rules-lock.ts';

const AGAIN_MS = 20;
const WAIT_MS = 60_000;

/**
 * Holds the directory until this process ends, or what this gives is called, so that no command changes the rules in it from before they are read.
 * Waits for one that does. Throws SetupError if another loader holds it. One that cannot be opened is not shared either:
 * nothing is kept in it.
 */
export function lockStateDirectory(path: string, waitMs = WAIT_MS): () => void {
  let fd: number;
  try {
    fd = openDirectory(path);
  } catch {
    return () => {};
  }
  let wasCommand = true;
  for (const begin = performance.now(); !lockFile(fd); sleep(AGAIN_MS)) {
    const isCommand = isCommandAtWork(path) && performance.now() - begin < waitMs;
    // Twice, because a command that is killed may lose one lock before the other.
    if (!isCommand && !wasCommand) throw busy(path, fd);
    wasCommand = isCommand;
  }
  return () => closeSync(fd);
}

function busy(path: string, fd: number): SetupError {
  const pid = holderOf(fd);
  closeSync(fd);
  return new SetupError({
    step: 'use state directory',
    target: path,
    problem: `packetlog${pid === undefined ? '' : ` with pid ${pid}`} uses it, perhaps in another network namespace: packetlog rules could not tell the two apart`,
    next: `${pid === undefined ? 'End it first' : `End it first (kill ${pid})`}, or give this one a directory of its own: PACKETLOG_STATE_DIR=DIR.`,
    exit: 'busy',
  });
}

/** The drain thread has nothing else to do yet. */
function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
