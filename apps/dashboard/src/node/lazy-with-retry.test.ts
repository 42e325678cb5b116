import { expect, test } from 'vitest';
import { lazyIfPresent, lazyWithRetry } from './lazy-with-retry.ts';

const FILE = '/_next/static/chunks/0a-b_c~d.js';
const PART = { name: 'the part' };

/** Returns an import that fails this many times with the bundler's error, then loads. */
function failing(times: number) {
  const asked = { times: 0 };
  const load = async () => {
    asked.times++;
    if (asked.times <= times)
      throw new Error(`Failed to load chunk ${FILE} from module 123: Error: what the browser says`);
    return PART;
  };
  return { asked, load };
}

/** Returns a loader with these answers, and whether the page was marked as outdated. */
function loader(answers: Readonly<Record<string, number | null>>) {
  let old = 0;
  return {
    retryDelayMs: 0,
    page: '/rules',
    statusOf: async (path: string) => answers[path] ?? null,
    markOutdated: () => {
      old++;
    },
    saidOld: () => old,
  };
}

test.each([
  ['is away', { [FILE]: null, '/rules': null }],
  ['is behind a proxy that says so', { [FILE]: 502, '/rules': 502 }],
  ['has it again when it is looked for', { [FILE]: 200, '/rules': 200 }],
  ['serves no dashboard for now', { [FILE]: 404, '/rules': 404 }],
])('a part that cannot be loaded is retried while the loader %s', async (_, answer) => {
  const { asked, load } = failing(3);
  const from = loader(answer);
  expect(await lazyWithRetry(load, from)).toBe(PART);
  expect([asked.times, from.saidOld()]).toEqual([4, 0]);
});

test('a part that the loader no longer has is not retried, and the page is marked as outdated', async () => {
  const { asked, load } = failing(Number.POSITIVE_INFINITY);
  const from = loader({ [FILE]: 404, '/rules': 200 });
  expect(await lazyIfPresent(load, from)).toBeNull();
  expect([asked.times, from.saidOld()]).toEqual([1, 1]);
});

test('a loader that returns without the part marks the page as outdated', async () => {
  const { asked, load } = failing(Number.POSITIVE_INFINITY);
  const upgraded = loader({ [FILE]: 404, '/rules': 200 });
  const statusOf = async (path: string) => (asked.times < 3 ? null : upgraded.statusOf(path));
  expect(await lazyIfPresent(load, { ...upgraded, statusOf })).toBeNull();
  expect([asked.times, upgraded.saidOld()]).toEqual([3, 1]);
});

test('an error without a file does not mark the page as outdated', async () => {
  let asked = 0;
  const from = loader({ [FILE]: 404, '/rules': 200 });
  const load = async () => {
    if (++asked < 3) throw new Error('something else');
    return PART;
  };
  expect(await lazyWithRetry(load, from)).toBe(PART);
  expect(from.saidOld()).toBe(0);
});
