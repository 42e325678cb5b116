import { expect, it } from 'vitest';
import { EXIT } from '../../errors/exit-codes.ts';
import { concluded } from './conclude.ts';

const rejects = (message: string) => () => Promise.reject(new Error(message));
const succeeds = () => Promise.resolve();

it.each([
  ['without an error', succeeds, succeeds, undefined],
  ['when the work fails', rejects('work'), succeeds, 'work'],
  ['when closing fails', succeeds, rejects('close'), 'close'],
  ['with the first error when both fail', rejects('work'), rejects('close'), 'work'],
])('prints what it has and ends %s', async (_, work, close, message) => {
  const steps: string[] = [];
  const step = (name: string, act: () => Promise<void>) => () => {
    steps.push(name);
    return act();
  };
  const ended = concluded(
    async () => {
      await step('work', work)();
      return EXIT.changed;
    },
    { close: step('close', close) },
    { flush: () => steps.push('flush') },
  );
  if (message === undefined) expect(await ended).toBe(EXIT.changed);
  else await expect(ended).rejects.toThrow(message);
  expect(steps).toEqual(['work', 'close', 'flush']);
});
