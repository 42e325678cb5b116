/**
 * `pnpm test:chaos [--seed N] [--count N] [--only KIND,…] [--at-once N]`: runs episodes of faults, each in a process of
 * its own, and records the results after each fault; Ctrl-C ends it early. Exit code 1: a promise was broken; the seed
 * that repeats it is printed.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { FaultResult } from './episode.ts';
import { currentCommit, record, summaryOf, type Total } from './results.ts';
import { EPISODE } from './schedule.ts';

/** Exit code of run.ts. */
const DISTURBED = 75;
/** Signals that the harness does not send: the run is being ended. */
const FROM_OUTSIDE: readonly NodeJS.Signals[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'];
const RUN = fileURLToPath(new URL('./run.ts', import.meta.url));
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Math.floor(Date.now() / 1000) % 1_000_000_000) },
    count: { type: 'string', default: '1000' },
    only: { type: 'string', default: '' },
    'at-once': { type: 'string', default: '3' },
  },
});
const [seed, count, atOnce] = [Number(values.seed), Number(values.count), Number(values['at-once'])];
for (const [name, value] of Object.entries({ seed, count, 'at-once': atOnce })) {
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name}: not in range. Write a whole number.`);
}
const say = (text: string) => process.stdout.write(`${text}\n`);
const results: FaultResult[] = [];
const run = { seed, commit: currentCommit(), startedAt: Date.now() };
let total: Total = { faults: 0, violations: 0 };

function add(result: FaultResult): void {
  results.push(result);
  total = record(summaryOf(results, { ...run, seconds: (Date.now() - run.startedAt) / 1000 }));
}

/** Runs one episode in a process, and prints what went wrong and how to repeat it. */
function episode(number: number, faults: number): Promise<void> {
  const args = [RUN, '--seed', `${number}`, '--count', `${faults}`, '--only', values.only];
  // A separate session: Ctrl-C is for this process.
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const result = JSON.parse(line) as FaultResult;
    add(result);
    if (results.length % 50 === 0) say(`${results.length} of ${count} faults`);
    if (result.violations.length > 0) say(explain(result, faults));
  });
  return new Promise((resolve) =>
    child.once('close', (code, signal) => {
      if (signal !== null && FROM_OUTSIDE.includes(signal))
        say(`Seed ${number} was ended by ${signal}. Its faults until then count.`);
      else if (code === DISTURBED)
        say(`Seed ${number} was disturbed by another process: ${stderr.trim()}. Its faults until then count.`);
      else if (code !== 0) {
        const violations = [`the episode ended with ${code ?? signal}: ${stderr.slice(-2000)}`];
        const failed = { seed: number, index: 0, kind: 'episode', recoveryMs: 0, packets: 0, violations };
        add(failed);
        say(explain(failed, faults));
      }
      resolve();
    }),
  );
}

function explain({ seed: failing, index, kind, violations }: FaultResult, faults: number): string {
  const only = values.only === '' ? '' : ` --only ${values.only}`;
  const lines = violations.map((violation) => `  ${violation}`);
  return [
    `Fault ${index + 1}, ${kind}, broke a promise. Repeat it: pnpm test:chaos --seed ${failing} --count ${faults}${only}`,
    ...lines,
  ].join('\n');
}

say(`Seed ${seed}, ${count} faults, ${atOnce} labs at once`);
const episodes = Array.from({ length: Math.ceil(count / EPISODE) }, (_, i) => ({
  number: seed + i,
  faults: Math.min(EPISODE, count - i * EPISODE),
}));
/** Ctrl-C ends the run after the episodes that have begun; what they found is recorded. */
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    say('Ending after the episodes that have begun');
    episodes.length = 0;
  });
}
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    for (let next = episodes.shift(); next; next = episodes.shift()) await episode(next.number, next.faults);
  }),
);
const violations = results.filter((result) => result.violations.length > 0).length;
say(
  `${results.length} faults, ${violations} violations; all runs: ${total.faults} faults, ${total.violations} violations`,
);
process.exit(violations === 0 ? 0 : 1);
