/** pnpm test:kernels [arguments]: builds, then tests on other kernels, as root (tests/kernels/prove.sh). */
import { build } from './build.mjs';
import { commandArguments, runHere, script } from './run.mjs';
import { ensureSystemPackages } from './system/ensure.mjs';
import { kernelPurposes } from './system/kernel-purposes.mjs';
import { writeTrust } from './trust.mjs';

await script(async () => {
  const args = commandArguments(process.argv);
  await ensureSystemPackages(['build', 'run', ...kernelPurposes(args)]);
  await build();
  const code = await runHere('scripts/as-root.sh', ['tests/kernels/prove.sh', ...args]);
  writeTrust();
  return code;
});
