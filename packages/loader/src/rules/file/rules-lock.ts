/** One at a time changes the rules while no loader runs. */
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { lockFile } from '../../native/pinning.ts';
import { SetupError } from '../../setup-error.ts';
import type { StatePaths } from './state-directory.ts';

const WAIT_MS = 10_000;
const AGAIN_MS = 20;

/** Resolves with what releases it; the end of the process does, too. Throws SetupError when another holds it for long. */
export async function lockRules({ directory }: StatePaths, waitMs = WAIT_MS): Promise<() => void> {
  const path = join(directory, 'rules.lock');
  const fd = openSync(path, 'w', 0o600);
  for (const begin = performance.now(); !lockFile(fd); await delay(AGAIN_MS)) {
    if (performance.now() - begin < waitMs) continue;
    closeSync(fd);
    throw new SetupError({
      step: 'change rules in',
      target: directory,
      problem: 'another packetlog rules is changing them',
      next: 'Wait until it has ended, then try again.',
      exit: 'busy',
    });
  }
  return () => closeSync(fd);
}
