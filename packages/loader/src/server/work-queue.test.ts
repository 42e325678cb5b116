import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { WorkQueue } from './work-queue.ts';

/** A queue whose clock only work moves, and the work that ran. */
function queue() {
  let now = 0;
  const ran: number[] = [];
  const work = new WorkQueue(() => now);
  const add = (id: number, ms: number) =>
    work.run(() => {
      ran.push(id);
      now += ms;
    });
  return { add, ran };
}

it('runs work at once while there is time in this turn of the event loop', () => {
  const { add, ran } = queue();
  for (let id = 0; id < 100; id++) add(id, 0.001);
  expect(ran).toHaveLength(100);
});

it('runs a flood of work in order, a little in each turn, so that other events are handled in between', async () => {
  const { add, ran } = queue();
  const COUNT = 1000;
  for (let id = 0; id < COUNT; id++) add(id, 0.1);
  expect(ran.length).toBeLessThanOrEqual(6);
  let most = 0;
  for (let before = ran.length; ran.length < COUNT; before = ran.length) {
    await turn();
    most = Math.max(most, ran.length - before);
  }
  expect(most).toBeLessThanOrEqual(6);
  expect(ran).toEqual([...Array(COUNT).keys()]);
});

it('runs one piece of long work in each turn', async () => {
  const { add, ran } = queue();
  for (let id = 0; id < 10; id++) add(id, 10);
  for (let turns = 1; turns <= 10; turns++) {
    expect(ran).toHaveLength(turns);
    await turn();
  }
});
