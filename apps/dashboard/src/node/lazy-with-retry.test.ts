import { expect, test } from 'vitest';
import { lazyIfPresent, lazyWithRetry } from './lazy-with-retry.ts';

const FILE = '/_next/static/chunks/0a-b_c~d.js';
const PART = { name: 'the part' };

/** Returns an import that fails this many times with the bundler's error, then loads. */
function failing(times: number) {
  const attempts = { count: 0 };
  const load = async () => {
    attempts.count++;
    if (attempts.count <= times)
      throw new Error(`Failed to load chunk ${FILE} from module 123: Error: what the browser says`);
    return PART;
  };
  return { attempts, load };
}

/** Returns a loader with these answers, and whether the page was marked as outdated. */
function loader(answers: Readonly<Record<string, number | null>>) {
  let outdated = 0;
  return {
    retryDelayMs: 0,
    page: '/rules',
    statusOf: async (path: string) => answers[path] ?? null,
    markOutdated: () => {
      outdated++;
    },
    timesOutdated: () => outdated,
  };
}

test.each([
  ['is away', { [FILE]: null, '/rules': null }],
  ['is unreachable behind a proxy', { [FILE]: 502, '/rules': 502 }],
  ['has the file again', { [FILE]: 200, '/rules': 200 }],
  ['serves no dashboard', { [FILE]: 404, '/rules': 404 }],
])('a part that cannot be loaded is retried while the loader %s', async (_, answer) => {
  const { attempts, load } = failing(3);
  const from = loader(answer);
  expect(await lazyWithRetry(load, from)).toBe(PART);
  expect([attempts.count, from.timesOutdated()]).toEqual([4, 0]);
});

test('a part that the loader no longer has is not retried, and the page is marked as outdated', async () => {
  const { attempts, load } = failing(Number.POSITIVE_INFINITY);
  const from = loader({ [FILE]: 404, '/rules': 200 });
  expect(await lazyIfPresent(load, from)).toBeNull();
  expect([attempts.count, from.timesOutdated()]).toEqual([1, 1]);
});

test('a loader that returns without the part marks the page as outdated', async () => {
  const { attempts, load } = failing(Number.POSITIVE_INFINITY);
  const upgraded = loader({ [FILE]: 404, '/rules': 200 });
  const statusOf = async (path: string) => (attempts.count < 3 ? null : upgraded.statusOf(path));
  expect(await lazyIfPresent(load, { ...upgraded, statusOf })).toBeNull();
  expect([attempts.count, upgraded.timesOutdated()]).toEqual([3, 1]);
});

test('an error without a file does not mark the page as outdated', async () => {
  let attempts = 0;
  const from = loader({ [FILE]: 404, '/rules': 200 });
  const load = async () => {
    if (++attempts < 3) throw new Error('something else');
    return PART;
  };
  expect(await lazyWithRetry(load, from)).toBe(PART);
  expect(from.timesOutdated()).toBe(0);
});
