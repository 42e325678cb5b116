/**
 * Runs one episode and prints a line of JSON for each fault: `run.ts --seed N [--count N] [--only KIND,…]`. Exit code 1:
 * something was left behind. 75 (EX_TEMPFAIL): another process interfered.
 */
import { parseArgs } from 'node:util';
import { assertNothingLeft, takeInventory } from '../lab/leftovers.ts';
import { DisturbedError, runEpisode } from './episode.ts';
import { planEpisode } from './schedule.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    count: { type: 'string', default: '20' },
    only: { type: 'string', default: '' },
  },
});
const DISTURBED = 75;
const before = await takeInventory();
const only = values.only.split(',').filter(Boolean);
try {
  await runEpisode(planEpisode(Number(values.seed), Number(values.count), only), (result) =>
    process.stdout.write(`${JSON.stringify(result)}\n`),
  );
} catch (error) {
  if (!(error instanceof DisturbedError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(DISTURBED);
}
await assertNothingLeft(before);
process.exit(0);
