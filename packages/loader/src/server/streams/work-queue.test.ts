import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CAN_WAIT_MS, WorkQueue } from './work-queue.ts';

/** A queue whose clock only work moves, and the work that ran. */
function queue() {
  let now = 0;
  const ran: number[] = [];
  /** What the rows that arrive next need, and when they arrive. */
  const rows: { id: number; at: number }[] = [];
  const pollRows = () => {
    const arrived = rows.filter(({ at }) => at <= now);
    rows.splice(0, arrived.length);
    for (const { id } of arrived) add(id, 0.05, 0);
    return arrived.length > 0;
  };
  const work = new WorkQueue(() => now, pollRows);
  const add = (id: number, ms: number, withinMs = 1) =>
    work.run(() => {
      ran.push(id);
      now += ms;
    }, withinMs);
  return {
    add,
    ran,
    rows,
    run: work.run,
    rowsFirst: work.rowsFirst,
    now: () => now,
    pass: (ms: number) => (now += ms),
  };
}

it('runs work at once while there is time in this turn of the event loop', () => {
  const { add, ran } = queue();
  for (let id = 0; id < 100; id++) add(id, 0.001);
  expect(ran).toHaveLength(100);
});

it.each([
  ['prompt', 1, 16],
  ['other', CAN_WAIT_MS, 6],
])('runs a flood of %s work in order, a little in each turn of the event loop', async (_, withinMs, max) => {
  const { add, ran } = queue();
  const COUNT = 300;
  for (let id = 0; id < COUNT; id++) add(id, 0.1, withinMs);
  expect(ran.length).toBeLessThanOrEqual(max);
  let most = 0;
  for (let before = ran.length; ran.length < COUNT; before = ran.length) {
    await turn();
    most = Math.max(most, ran.length - before);
  }
  expect(most).toBeLessThanOrEqual(max);
  expect(ran).toEqual([...Array(COUNT).keys()]);
});

it('runs prompt work before other work, however long that is overdue', async () => {
  const { add, ran, pass } = queue();
  for (let id = 0; id < 100; id++) add(id, 0.1, 200);
  const before = ran.length;
  pass(10_000);
  add(1000, 0.1);
  expect(ran[before]).toBe(1000);
  for (let id = 1001; id < 1020; id++) add(id, 0.1);
  await turn();
  expect(ran.slice(before, before + 20)).toEqual([...Array(20).keys()].map((i) => 1000 + i));
});

it('runs a little other work in each turn, however much prompt work there is', async () => {
  const { add, ran } = queue();
  for (let id = 0; id < 20; id++) add(id, 0.1, 200);
  for (let turns = 0; turns < 10; turns++) {
    for (let i = 0; i < 100; i++) add(1000, 0.1);
    await turn();
  }
  expect(ran.filter((id) => id < 1000)).toEqual([...Array(20).keys()]);
});

it('runs one piece of long work in each turn', async () => {
  const { add, ran } = queue();
  for (let id = 0; id < 10; id++) add(id, 10);
  for (let turns = 1; turns <= 10; turns++) {
    expect(ran).toHaveLength(turns);
    await turn();
  }
});

describe('between two turns', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('it sleeps while all that waits is due later, and not once that is overdue', async () => {
    const { add, ran, pass } = queue();
    for (let id = 0; id < 30; id++) add(id, 0.1, 200);
    await turn();
    const first = ran.length;
    await turn();
    expect(ran).toHaveLength(first);
    vi.advanceTimersByTime(1);
    const second = ran.length;
    expect(second).toBeGreaterThan(first);
    await turn();
    expect(ran).toHaveLength(second);
    pass(200);
    vi.advanceTimersByTime(1);
    const third = ran.length;
    await turn();
    expect(ran.length).toBeGreaterThan(third);
  });

  it('it does not sleep while prompt work waits', async () => {
    const { add, ran } = queue();
    for (let id = 0; id < 10; id++) add(id, 0.1, 200);
    await turn();
    await turn();
    for (let id = 100; id < 140; id++) add(id, 0.1);
    const before = ran.length;
    await turn();
    expect(ran.length).toBeGreaterThan(before + 10);
  });
});

it('runs what is due first before what has waited longer', async () => {
  const { add, ran } = queue();
  add(0, 1);
  for (let id = 1; id <= 100; id++) add(id, 0.1, 200);
  await turn();
  const before = ran.length;
  add(1000, 0.1, 1);
  await turn();
  expect(ran[before]).toBe(1000);
});

it('runs what rows need that arrive during a turn before what waits, also at the end of the turn', () => {
  const { add, ran, rows } = queue();
  rows.push({ id: 1000, at: 0.15 }, { id: 1001, at: 0.5 });
  for (let id = 0; id < 100; id++) add(id, 0.1, 200);
  const [first, second] = [ran.indexOf(1000), ran.indexOf(1001)];
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThanOrEqual(3);
  expect(second).toBeLessThanOrEqual(7);
  // Others are handled between two turns, though rows have arrived in this one.
  expect(ran.length).toBeLessThanOrEqual(20);
});

it('ends a turn in which rows arrive without end', () => {
  const { add, ran, rows, now } = queue();
  for (let at = 0; at < 100; at += 0.05) rows.push({ id: 1000, at });
  for (let id = 0; id < 10; id++) add(id, 0.1, 200);
  expect(ran.filter((id) => id === 1000).length).toBeGreaterThan(5);
  expect(now()).toBeLessThan(3);
});

it('lets rows that have arrived come before the work of others, if it is told of that', () => {
  const { add, ran, rows, rowsFirst, pass } = queue();
  add(0, 1, 200);
  add(1, 0.1, 200);
  rowsFirst();
  expect(ran).toEqual([0]);
  pass(0.2);
  rows.push({ id: 1000, at: 0 });
  rowsFirst();
  expect(ran.slice(0, 2)).toEqual([0, 1000]);
});

it('lets nothing wait much longer than it may, whatever is added meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.double({ min: 0.01, max: 0.4, noNaN: true }), { maxLength: 20 }), async (costs) => {
      const { add, ran, run, now } = queue();
      let isFlooding = true;
      // Always the next to run, and never finished.
      const flood = () => {
        add(-1, 0.3, 1);
        if (isFlooding) run(flood, 1);
      };
      flood();
      const begunAt = now();
      for (const [id, cost] of costs.entries()) add(id, cost, 50);
      // The last one waits for the others, and each of those at most for one piece of the flood.
      const most = 50 + costs.reduce((sum, each) => sum + each + 0.3, 2);
      while (ran.filter((id) => id >= 0).length < costs.length && now() - begunAt < most) await turn();
      isFlooding = false;
      expect(ran.filter((id) => id >= 0)).toEqual([...costs.keys()]);
    }),
    { numRuns: 30 },
  );
});
