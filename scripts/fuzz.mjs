/**
 * pnpm test:fuzz [--minutes N | --inputs N] [--target NAME] [--seed N]: feeds everything that reads input from outside with
 * changed inputs, guided by coverage (tests/fuzz). `--inputs` counts for each target, `--minutes` for all together. Updates
 * the corpus, adds to tests/fuzz/results.json, and writes docs/trust.md.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { TARGET_NAMES } from '../tests/fuzz/names.mjs';
import { build } from './build.mjs';
import { accumulated } from './fuzz-results.mjs';
import { tell } from './progress.mjs';
import { commandArguments, RUNTIME, run, script } from './run.mjs';
import { writeTrust } from './trust.mjs';

const RESULTS = 'tests/fuzz/results.json';
const ARGUMENTS = [
  '--expose-gc',
  '--disable-warning=ExperimentalWarning',
  '--import=./tests/fuzz/instrument.mjs',
  'tests/fuzz/run.ts',
];

/** @typedef {import('./fuzz-results.mjs').Result} Result */

await script(async () => {
  const { values } = parseArgs({
    args: commandArguments(process.argv),
    options: {
      minutes: { type: 'string' },
      inputs: { type: 'string' },
      target: { type: 'string' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    },
  });
  const inputs = values.inputs === undefined ? null : atLeastOne('--inputs', values.inputs);
  const minutes = inputs === null ? atLeastOne('--minutes', values.minutes ?? '10') : null;
  const seed = atLeastOne('--seed', values.seed);
  if (values.target !== undefined && !TARGET_NAMES.includes(values.target))
    throw new Error(`--target ${values.target}: not known. Write one of ${TARGET_NAMES.join(', ')}.`);
  const waiting = values.target === undefined ? [...TARGET_NAMES] : [values.target];
  await build();
  const lanes = Math.min(waiting.length, availableParallelism());
  const seconds = minutes === null ? null : (minutes * 60 * lanes) / waiting.length;
  /** @type {Result[]} */
  const results = [];
  /** @type {string[]} */
  const broken = [];
  const lane = async () => {
    for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
      const task = JSON.stringify({ target, inputs, seconds, seed, update: true });
      const { output } = await run(RUNTIME, [...ARGUMENTS, task], (line) => line.startsWith('fuzz:') && tell(line));
      const line = output.split('\n').find((each) => each.startsWith('{"target"'));
      if (line === undefined) broken.push(`${target}: ${output.trimEnd().split('\n').slice(-5).join('\n')}`);
      else results.push(/** @type {Result} */ (JSON.parse(line)));
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  for (const each of broken) tell(`fuzz: ${each}`);
  await write(results, seed);
  writeTrust();
  const findings = results.flatMap((result) =>
    result.findings.map((finding) => ({ target: result.target, ...finding })),
  );
  for (const { target, kind, message } of findings) tell(`fuzz: ${target}: ${kind}: ${message}`);
  const sum = results.reduce((total, result) => total + result.inputs, 0);
  tell(`fuzz: ${sum.toLocaleString('en-US')} inputs, ${findings.length} findings.`);
  return findings.length + broken.length === 0 ? 0 : 1;
});

/**
 * Adds the results to the recorded ones.
 * @param {readonly Result[]} results
 * @param {number} seed
 */
async function write(results, seed) {
  const { output } = await run('git', ['rev-parse', '--short', 'HEAD']);
  const { output: node } = await run(RUNTIME, ['--version']);
  const made = { date: new Date().toISOString(), commit: output.trim(), node: node.trim(), seed };
  const before = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : {};
  writeFileSync(RESULTS, `${JSON.stringify(accumulated(before, results, made), null, 2)}\n`);
}

/** @param {string} option @param {string} text */
function atLeastOne(option, text) {
  const number = Number(text);
  if (!(number > 0)) throw new Error(`${option} ${text}: not a number above 0.`);
  return number;
}
