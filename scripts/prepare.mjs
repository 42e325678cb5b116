/** pnpm build, and the first half of `pnpm start`, before scripts/start.sh becomes the loader. */
import { build } from './build.mjs';
import { script } from './run.mjs';
import { ensureSystemPackages } from './system/ensure.mjs';

await script(async () => {
  await ensureSystemPackages(process.argv[2] === 'start' ? ['build', 'run'] : ['build']);
  await build();
  return 0;
});
