/** pnpm test:kernels [arguments]: builds, then tests on other kernels, as root (tests/kernels/prove.sh). */
import { build } from './build.mjs';
import { commandArguments, runHere, script } from './run.mjs';
import { ensureSystemPackages } from './system/ensure.mjs';
import { writeTrust } from './trust.mjs';

await script(async () => {
  await ensureSystemPackages(['build', 'run', 'kernels']);
  await build();
  const code = await runHere('scripts/as-root.sh', ['tests/kernels/prove.sh', ...commandArguments(process.argv)]);
  writeTrust();
  return code;
});
