/**
 * pnpm test:parser [vitest arguments]: the parser, filters and rules on captures that others made and a million
 * mutations of them, against tshark, tcpdump and the reference. Writes tests/parser/results.json.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from './build.mjs';
import { tell } from './progress.mjs';
import { commandArguments, ROOT, RUNTIME, runHere, script } from './run.mjs';
import { ensureSystemPackages } from './system/ensure.mjs';
import { writeTrust } from './trust.mjs';

const RESULTS = 'tests/parser/results.json';
const UNFINISHED = `${RESULTS}.unfinished`;
const FILES = ['captures', 'decisions', 'explanations', 'programs'].map((name) => `tests/parser/${name}.test.ts`);

await script(async () => {
  await ensureSystemPackages(['build', 'run', 'test']);
  await build();
  rmSync(UNFINISHED, { force: true });
  const started = performance.now();
  const commit = execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  const vitest = [RUNTIME, 'tests/node_modules/vitest/vitest.mjs', 'run', `--root=${ROOT}`, '--no-file-parallelism'];
  const settings = ['env', 'REQUIRE_ROOT=1', `PARSER_RESULTS=${UNFINISHED}`];
  const code = await runHere('scripts/as-root.sh', [
    ...settings,
    ...vitest,
    ...FILES,
    ...commandArguments(process.argv),
  ]);
  if (code !== 0) return code;
  const about = {
    date: new Date().toISOString().slice(0, 10),
    commit,
    kernel: execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim(),
    minutes: Math.round((performance.now() - started) / 60_000),
  };
  const results = JSON.parse(readFileSync(UNFINISHED, 'utf8'));
  rmSync(UNFINISHED);
  writeFileSync(RESULTS, `${JSON.stringify({ ...about, ...results }, null, 2)}\n`);
  writeTrust();
  tell(`wrote ${RESULTS}.`);
  return 0;
});
