/**
 * pnpm test:findings [vitest arguments]: what is found in captures that others made, and in half an hour of ordinary
 * traffic in the lab. Writes tests/findings/results.json. FINDINGS_MINUTES: another duration of that traffic.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from './build.mjs';
import { tell } from './progress.mjs';
import { commandArguments, ROOT, RUNTIME, runHere, script } from './run.mjs';
import { ensureSystemPackages } from './system/ensure.mjs';
import { writeTrust } from './trust.mjs';

const RESULTS = 'tests/findings/results.json';
const UNFINISHED = `${RESULTS}.unfinished`;

await script(async () => {
  await ensureSystemPackages(['build', 'run', 'test']);
  await build();
  rmSync(UNFINISHED, { force: true });
  const commit = execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  const vitest = [RUNTIME, 'tests/node_modules/vitest/vitest.mjs', 'run', `--root=${ROOT}`, '--no-file-parallelism'];
  const settings = ['env', 'REQUIRE_ROOT=1', `FINDINGS_RESULTS=${UNFINISHED}`];
  if (process.env['FINDINGS_MINUTES']) settings.push(`FINDINGS_MINUTES=${process.env['FINDINGS_MINUTES']}`);
  const args = commandArguments(process.argv);
  const code = await runHere('scripts/as-root.sh', [
    ...settings,
    ...vitest,
    ...(args.length > 0 ? args : ['tests/findings']),
  ]);
  if (code !== 0) return code;
  const about = { date: new Date().toISOString().slice(0, 10), commit };
  const before = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : {};
  const parts = Object.entries(JSON.parse(readFileSync(UNFINISHED, 'utf8')));
  // A part that did not run now keeps its last result.
  const results = Object.fromEntries(parts.map(([name, result]) => [name, { ...about, ...result }]));
  rmSync(UNFINISHED);
  writeFileSync(RESULTS, `${JSON.stringify({ ...before, ...results }, null, 2)}\n`);
  writeTrust();
  tell(`wrote ${RESULTS}.`);
  return 0;
});
