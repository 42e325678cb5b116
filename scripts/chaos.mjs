/**
 * pnpm test:chaos [--seed N] [--count N] [--only KIND,…] [--at-once N]: causes faults under counted traffic, and checks
 * after each that every promise held (tests/chaos).
 */
import { build } from './build.mjs';
import { commandArguments, RUNTIME, runHere, script } from './run.mjs';
import { ensureSystemPackages } from './system/ensure.mjs';
import { writeTrust } from './trust.mjs';

await script(async () => {
  await ensureSystemPackages(['build', 'run', 'test']);
  await build();
  const code = await runHere('scripts/as-root.sh', [RUNTIME, 'tests/chaos/main.ts', ...commandArguments(process.argv)]);
  writeTrust();
  return code;
});
