/** pnpm bench [arguments]: builds, runs the benchmark as root (tests/bench), and updates the README's table. */
import { build } from './build.mjs';
import { commandArguments, RUNTIME, runHere, script } from './run.mjs';
import { ensureSystemPackages } from './system/ensure.mjs';

const BENCH = 'tests/bench/run.mjs';

await script(async () => {
  await ensureSystemPackages(['build', 'run', 'bench']);
  await build();
  const code = await runHere('scripts/as-root.sh', [RUNTIME, BENCH, ...commandArguments(process.argv)]);
  // Even if a section failed: the results of the others are written.
  const table = await runHere(process.execPath, ['scripts/bench-table.mjs']);
  return code || table;
});
