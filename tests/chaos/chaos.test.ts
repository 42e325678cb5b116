/**
 * 20 faults of a fixed schedule, and some of the day's, under counted traffic: every sum holds, no denied packet passes,
 * no permitted one is dropped, nothing is left. `pnpm test:chaos` causes more. Needs root.
 */
import { describe, expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { type FaultResult, runEpisode } from './episode.ts';
import { EPISODE, planEpisode } from './schedule.ts';

const FIXED = 4600;
const OF_THE_DAY = 10;
const today = Number(new Date().toISOString().slice(0, 10).replaceAll('-', ''));

describe.skipIf(!requireRoot())('faults', () => {
  test.concurrent.each([
    [FIXED, EPISODE],
    [today, OF_THE_DAY],
  ])('seed %i, %i faults: every promise holds', async (seed, count) => {
    const results: FaultResult[] = [];
    await runEpisode(planEpisode(seed, count), (result) => results.push(result));
    const broken = results.filter(({ violations }) => violations.length > 0);
    expect(broken, `repeat it: pnpm test:chaos --seed ${seed} --count ${count}`).toEqual([]);
    expect(results).toHaveLength(count);
  });
});
