/**
 * pnpm soak [--minutes N] [--rate PACKETS_PER_SECOND] [--only loader|page]: runs the real loader, and
 * then the dashboard, under steady traffic (tests/soak).
 */
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { commandArguments, ROOT, RUNTIME, runHere, script } from './run.mjs';
import { ensureSystemPackages } from './system/ensure.mjs';

await script(async () => {
  const { values } = parseArgs({
    args: commandArguments(process.argv),
    options: {
      minutes: { type: 'string', default: '10' },
      rate: { type: 'string', default: '50000' },
      only: { type: 'string' },
    },
  });
  const [minutes, rate] = [Number(values.minutes), Number(values.rate)];
  if (!(minutes >= 2 && minutes <= 24 * 60))
    throw new Error(`--minutes ${values.minutes}: not in range. Write a number from 2 to 1440.`);
  if (!(Number.isInteger(rate) && rate >= 1000))
    throw new Error(`--rate ${values.rate}: not in range. Write a whole number of packets per second, at least 1000.`);
  const { only } = values;
  if (only !== undefined && only !== 'loader' && only !== 'page')
    throw new Error(`--only ${only}: not known. Write loader or page.`);
  // After the loader's soak the page gets the traffic of a busy server; with --only page it gets --rate.
  const pageRate = only === 'page' ? rate : Math.min(10_000, rate);
  await ensureSystemPackages(['build', 'run', 'test']);
  await build();
  const settings = ['env', `SOAK_MINUTES=${minutes}`, `SOAK_RATE=${rate}`, `SOAK_PAGE_RATE=${pageRate}`];
  const vitest = [
    RUNTIME,
    'tests/node_modules/vitest/vitest.mjs',
    'run',
    `--root=${ROOT}`,
    '--config=tests/soak/vitest.config.ts',
  ];
  if (only !== undefined) vitest.push(`tests/soak/${only}.soak.ts`);
  return runHere('scripts/as-root.sh', [...settings, ...vitest]);
});
