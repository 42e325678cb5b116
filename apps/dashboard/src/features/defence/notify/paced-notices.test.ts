import { expect, it } from 'vitest';
import { PacedNotices } from './paced-notices.ts';

function paced() {
  const shown: string[] = [];
  const timers: { run: () => void; at: number }[] = [];
  let now = 0;
  const clock = { now: () => now, later: (run: () => void, ms: number) => void timers.push({ run, at: now + ms }) };
  const pass = (ms: number) => {
    now += ms;
    for (const timer of timers.splice(0).filter(({ at }) => at <= now || !timers.push({ run: () => {}, at })))
      timer.run();
  };
  return { notices: new PacedNotices((text) => shown.push(text), clock), shown, pass };
}

it('shows the first at once, and the next ones together after 10 s', () => {
  const { notices, shown, pass } = paced();
  notices.add('a');
  expect(shown).toEqual(['a']);
  notices.add('b');
  notices.add('c');
  notices.add('d');
  expect(shown).toEqual(['a']);
  pass(10_000);
  expect(shown).toEqual(['a', 'b, and 2 more']);
  notices.add('e');
  expect(shown).toHaveLength(2);
  pass(10_000);
  expect(shown).toEqual(['a', 'b, and 2 more', 'e']);
});

it('shows one at once after a quiet time', () => {
  const { notices, shown, pass } = paced();
  notices.add('a');
  pass(10_000);
  notices.add('b');
  expect(shown).toEqual(['a', 'b']);
});

it('forgets what waits when it is cleared', () => {
  const { notices, shown, pass } = paced();
  notices.add('a');
  notices.add('b');
  notices.clear();
  pass(10_000);
  expect(shown).toEqual(['a']);
});
