import { expect, it } from 'vitest';
import { Turns } from './turns.ts';

/** Plays the clock and the event loop: a step takes 1 ms. */
function played() {
  let now = 0;
  const later: (() => void)[] = [];
  const done: number[] = [];
  const turns = new Turns(
    () => now,
    (action) => later.push(action),
  );
  const add = (id: number, steps: number, isLarge = false) => {
    let left = steps;
    turns.add({
      id,
      isLarge,
      step: () => {
        now++;
        left--;
        if (left === 0) done.push(id);
        return left === 0;
      },
    });
  };
  const run = (most = Number.POSITIVE_INFINITY) => {
    for (let i = 0; i < most; i++) {
      const next = later.shift();
      if (next === undefined) return;
      next();
    }
  };
  return { turns, add, run, done, now: () => now };
}

it('answers a quick question before a long one that was asked earlier', () => {
  const { add, run, done } = played();
  add(1, 1000);
  add(2, 15);
  run();
  expect(done).toEqual([2, 1]);
});

it('reads messages after 10 ms, whatever is asked', () => {
  const { add, run, now } = played();
  add(1, 1000);
  run(1);
  expect(now()).toBe(10);
});

it('answers three questions at a time, and one large one', () => {
  const { add, run, done } = played();
  for (const id of [1, 2, 3, 4]) add(id, 100);
  run();
  expect(done).toEqual([1, 2, 3, 4]);
  done.length = 0;
  add(1, 100, true);
  add(2, 50, true);
  add(3, 90);
  run();
  expect(done).toEqual([3, 1, 2]);
});

it('leaves a cancelled question, active or waiting', () => {
  const { turns, add, run, done } = played();
  for (const id of [1, 2, 3, 4]) add(id, 100);
  run(3);
  turns.cancel(1);
  turns.cancel(4);
  run();
  expect(done).toEqual([2, 3]);
});
