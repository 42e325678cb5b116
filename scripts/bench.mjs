/** pnpm bench [arguments]: builds, then compares (tests/bench, bench/README.md) as root; the README gets the table. */
import { build } from './build.mjs';
import { commandArguments, RUNTIME, runHere, script } from './run.mjs';
import { ensureSystemPackages } from './system/ensure.mjs';

const BENCH = 'tests/bench/run.mjs';

await script(async () => {
  await ensureSystemPackages(['build', 'run', 'bench']);
  await build();
  const code = await runHere('scripts/as-root.sh', [RUNTIME, BENCH, ...commandArguments(process.argv)]);
  // Also after a section that failed: the results of the others are written.
  const table = await runHere(process.execPath, ['scripts/bench-table.mjs']);
  return code || table;
});
