/**
 * The other kernels of the CI job: boots as many as fit into the time that is left, at least one, and beginning with another
 * one each day. Alone: `node scripts/ci/kernels.mjs [--used MINUTES]`.
 */
import { mkdtempSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runHere, runLogged, script } from '../run.mjs';
import { BUDGET, failedKernels, KERNELS, nextRound, notBooted, rotated } from './budget.mjs';

/** For a run to remove what it made, after it was ended. */
const END_S = 30;

/**
 * Returns how many kernels kept all promises, and a line for each that did not, or for none booted; `omitted`: a line that
 * names those that were not booted, if any.
 * @param {() => number} usedMinutes of the whole job
 */
export async function bootKernels(usedMinutes) {
  const cache = mkdtempSync('/var/tmp/packetlog-ci-kernels.');
  const secondsLeft = () => (BUDGET.total - usedMinutes()) * 60;
  /** @type {string[]} */
  const failures = [];
  let waiting = rotated(KERNELS, Date.now());
  let booted = 0;
  /** @type {import('./budget.mjs').Round | undefined} */
  let last;
  try {
    for (;;) {
      const round = nextRound(waiting, secondsLeft(), last);
      if (round.length === 0) break;
      const since = performance.now();
      const prove = ['--cache', cache, '--cases', 'brief', '--at-once', String(round.length), ...round];
      const limit = String(Math.ceil(secondsLeft()));
      const command = ['npx', '-y', 'pnpm@12', 'test:kernels', ...prove];
      const { output } = await runLogged('timeout', [`--kill-after=${END_S}`, limit, ...command]);
      failures.push(...failedKernels(round, output));
      waiting = waiting.slice(round.length);
      booted += round.length;
      last = { kernels: round.length, seconds: (performance.now() - since) / 1000 };
    }
  } finally {
    await runHere('scripts/as-root.sh', ['rm', '-rf', '--one-file-system', cache]);
  }
  const passed = booted - failures.length;
  const omitted = notBooted(waiting, usedMinutes());
  if (booted === 0) failures.push(`failed: no other kernel was booted: no time was left`);
  return { passed, failures, omitted };
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url))
  await script(async () => {
    const { used } = parseArgs({ options: { used: { type: 'string', default: '0' } } }).values;
    const { passed, failures, omitted } = await bootKernels(() => Number(used) + performance.now() / 60_000);
    for (const line of [...failures, ...omitted, `${passed} passed, ${failures.length} failed`]) console.log(line);
    return failures.length > 0 ? 1 : 0;
  });
