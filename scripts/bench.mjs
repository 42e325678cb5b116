/** pnpm bench [arguments]: builds, then runs tests/bench/run.mjs as root. */
import { existsSync } from 'node:fs';
import { build } from './build.mjs';
import { commandArguments, runHere, script } from './run.mjs';
import { ensureSystemPackages } from './system/ensure.mjs';

const BENCH = 'tests/bench/run.mjs';

await script(async () => {
  if (!existsSync(BENCH)) throw new Error(`There is no benchmark yet: ${BENCH} does not exist.`);
  await ensureSystemPackages(['build', 'run', 'test']);
  await build();
  return runHere('scripts/as-root.sh', [process.execPath, BENCH, ...commandArguments(process.argv)]);
});
