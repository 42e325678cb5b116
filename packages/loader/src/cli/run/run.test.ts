import { expect, it, vi } from 'vitest';
import { EXIT } from '../../errors/exit-codes.ts';
import type { RunOptions } from '../options/run-settings.ts';
import { Stop } from '../process/stop.ts';
import { run } from './run.ts';

const uncaught = vi.hoisted(() => ({ isUncaught: false }));
vi.mock('../process/uncaught.ts', () => ({ stopWhenUncaught: () => () => uncaught.isUncaught }));
vi.mock('../../system/kernel-files.ts', () => ({ requireKernelFiles: () => {} }));
// As where another process holds the lock: nothing was opened when the end is requested.
vi.mock('./running-loader.ts', () => ({
  RunningLoader: { open: (_: unknown, { stop }: { stop: Stop }) => stop.requested.then(() => undefined) },
}));

it.each([
  ['a signal', false, EXIT.ok],
  ['an uncaught error', true, EXIT.failed],
])('while it waits for the lock: %s ends it with the exit code for that', async (_, isUncaught, code) => {
  uncaught.isUncaught = isUncaught;
  const stop = new Stop();
  const ended = run({ logLevel: 'silent' } as RunOptions, stop);
  stop.now(isUncaught ? 'uncaught error' : 'SIGTERM');
  expect(await ended).toBe(code);
});
