/**
 * Runs one episode and prints a line of JSON for each fault: `run.ts --seed N [--count N] [--only KIND,…]`. Exit code 1:
 * something was left behind.
 */
import { parseArgs } from 'node:util';
import { assertNothingLeft, takeInventory } from '../lab/leftovers.ts';
import { runEpisode } from './episode.ts';
import { planEpisode } from './schedule.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    count: { type: 'string', default: '20' },
    only: { type: 'string', default: '' },
  },
});
const before = await takeInventory();
const only = values.only.split(',').filter(Boolean);
await runEpisode(planEpisode(Number(values.seed), Number(values.count), only), (result) =>
  process.stdout.write(`${JSON.stringify(result)}\n`),
);
await assertNothingLeft(before);
process.exit(0);
