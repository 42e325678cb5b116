import type { Acknowledgement } from '@packetlog/common';
import { expect, test } from 'vitest';
import { RowLookups } from './row-lookups.ts';

type Answer = Acknowledgement<Record<string, string | null>>;

const FRESH_MS = 5000;

/** Lookups with a clock that the test moves. */
function lookups(
  answer: (keys: readonly string[]) => Answer,
  { maxKeys = 50, freshMs = Number.POSITIVE_INFINITY } = {},
) {
  const asked: (readonly string[])[] = [];
  let now = 1_000_000;
  let planned: { action: () => void; at: number }[] = [];
  const names = new RowLookups<string>(
    async (keys) => {
      asked.push(keys);
      return answer(keys);
    },
    { maxKeys, freshMs },
    { now: () => now, later: (action, ms) => planned.push({ action, at: now + ms }) },
  );
  const pass = async (ms: number) => {
    now += ms;
    const due = planned.filter(({ at }) => at <= now);
    planned = planned.filter(({ at }) => at > now);
    for (const { action } of due) action();
    // Lets the answers arrive.
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { names, asked, pass };
}

const upper = (keys: readonly string[]): Answer => ({
  ok: true,
  value: Object.fromEntries(keys.map((key) => [key, key.toUpperCase()])),
});

test('cells that are on the screen share one request; those that have gone are not asked for', async () => {
  const { names, asked, pass } = lookups(upper);
  const [one, two, three] = [{}, {}, {}];
  names.show(one, 'a');
  names.show(two, 'b');
  names.show(three, 'b');
  names.show(one, 'c');
  names.hide(two);
  expect(asked).toEqual([]);
  await pass(300);
  expect(asked).toEqual([['c', 'b']]);
  expect([names.get('c'), names.get('b'), names.get('a')]).toEqual(['C', 'B', undefined]);
  names.show(one, 'b');
  await pass(3_600_000);
  expect(asked).toHaveLength(1);
});

test('a request has a limited number of keys, and the next one follows later', async () => {
  const { names, asked, pass } = lookups(upper, { maxKeys: 2 });
  for (const key of ['a', 'b', 'c']) names.show({}, key);
  await pass(300);
  expect(asked).toEqual([['a', 'b']]);
  await pass(300);
  expect(asked).toEqual([['a', 'b'], ['c']]);
});

test('what can change is looked up again while it is on the screen, and new cells do not wait for that', async () => {
  const { names, asked, pass } = lookups(upper, { freshMs: FRESH_MS });
  const cell = {};
  names.show(cell, 'a');
  await pass(300);
  names.show({}, 'b');
  await pass(300);
  await pass(FRESH_MS);
  expect(asked).toEqual([['a'], ['b'], ['a', 'b']]);
  names.hide(cell);
  await pass(FRESH_MS);
  expect(asked.at(-1)).toEqual(['b']);
});

test('a loader that does not look it up is asked again after a minute', async () => {
  const { names, asked, pass } = lookups(() => ({
    ok: false,
    error: { code: 'unavailable', message: 'Start the loader with --reverse-dns.' },
  }));
  names.show({}, 'a');
  await pass(300);
  expect(names.isUnavailable).toBe(true);
  names.show({}, 'b');
  await pass(59_000);
  expect(asked).toHaveLength(1);
  await pass(1_000);
  expect(asked).toHaveLength(2);
});

test('a loader that is busy is asked again when it says', async () => {
  const busy: Answer = { ok: false, error: { code: 'unavailable', message: 'Retry.', retry_after_ms: 5000 } };
  const { names, asked, pass } = lookups(() => busy);
  names.show({}, 'a');
  await pass(300);
  expect(names.isUnavailable).toBe(false);
  await pass(4_999);
  expect(asked).toHaveLength(1);
  await pass(1);
  expect(asked).toHaveLength(2);
});

test('a table that shows nothing asks nothing', async () => {
  const { names, asked, pass } = lookups(upper);
  const cell = {};
  names.show(cell, 'a');
  names.hide(cell);
  await pass(300);
  expect(asked).toEqual([]);
  names.show(cell, 'b');
  await pass(300);
  expect(asked).toEqual([['b']]);
});
