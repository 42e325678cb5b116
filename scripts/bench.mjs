/** pnpm bench [arguments]: builds, then compares (tests/bench, bench/README.md) as root. */
import { build } from './build.mjs';
import { commandArguments, runHere, script } from './run.mjs';
import { ensureSystemPackages } from './system/ensure.mjs';

const BENCH = 'tests/bench/run.mjs';

await script(async () => {
  await ensureSystemPackages(['build', 'run', 'bench']);
  await build();
  return runHere('scripts/as-root.sh', [process.execPath, BENCH, ...commandArguments(process.argv)]);
});
