/** pnpm measure:questions [--rounds N]: measures how much expensive questions delay other clients (tests/attacks). */
import { build } from './build.mjs';
import { commandArguments, RUNTIME, runHere, script } from './run.mjs';
import { ensureSystemPackages } from './system/ensure.mjs';
import { writeTrust } from './trust.mjs';

await script(async () => {
  await ensureSystemPackages(['build', 'run', 'test']);
  await build();
  const command = [RUNTIME, 'tests/attacks/measure-questions.ts', ...commandArguments(process.argv)];
  const code = await runHere('scripts/as-root.sh', command);
  writeTrust();
  return code;
});
