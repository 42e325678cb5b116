import { expect, it } from 'vitest';
import { perfProblem } from './perf-paranoid.ts';

it.each(['-1\n', '2\n', ''])('CAP_PERFMON is enough for perf events at level %j', (level) => {
  expect(perfProblem(() => level)).toBeUndefined();
});

it('names the level at which it is not', () => {
  expect(perfProblem(() => '3\n')).toMatch(/^kernel\.perf_event_paranoid is 3, .* CAP_SYS_ADMIN$/);
});

it('assumes nothing of a kernel without the setting', () => {
  expect(
    perfProblem(() => {
      throw new Error('ENOENT');
    }),
  ).toBeUndefined();
});
