import { expect, it } from 'vitest';
import { RecentDecisions } from './recent-decisions.ts';

it('are those of the last 60 s, in any order of recorded and counted ones', () => {
  const recent = new RecentDecisions();
  expect(recent.of(0)).toEqual({ count: 0, newest: undefined });
  for (let second = 0; second < 100; second++) recent.add(undefined, second * 1000);
  expect(recent.of(99_999).count).toBe(60);
  expect(recent.of(158_000).count).toBe(1);
  expect(recent.of(159_000)).toEqual({ count: 0, newest: undefined });
});
