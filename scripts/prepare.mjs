/** pnpm build, and the first part of `pnpm start`: scripts/start.sh then runs the loader. */
import { build } from './build.mjs';
import { script } from './run.mjs';
import { ensureSystemPackages } from './system/ensure.mjs';

await script(async () => {
  await ensureSystemPackages(process.argv[2] === 'start' ? ['build', 'run'] : ['build']);
  await build();
  return 0;
});
