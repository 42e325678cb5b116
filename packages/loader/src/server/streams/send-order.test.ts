import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ALL, denied, type FakeClient, fakeStreams, range } from '../../../test/support/fake-client.ts';
import { type Run, WorkQueue } from './work-queue.ts';

/** Time that one send takes, ms. */
const SEND_MS = 0.02;
const MANY = 200;
/** Sends in the time after which the server looks for new rows, and the one that it has begun. */
const UNTIL_LOOK = 6;
/** Sends before the rows arrive: more than one turn has. */
const ARRIVED = 40;

/** 200 clients with a filter and one without, whose time passes only with sends. */
function crowd() {
  let now = 0;
  let poll = () => false;
  /** Number of sends to all clients when each batch of the client without a filter was sent. */
  const promptAt: number[] = [];
  const queue = new WorkQueue(
    () => now,
    () => poll(),
  );
  const run: Run = (work, withinMs) =>
    queue.run(() => {
      const before = streams.messages.length;
      work();
      if (prompt.batches.length > promptAt.length) promptAt.push(streams.messages.length);
      now += (streams.messages.length - before) * SEND_MS;
    }, withinMs);
  const streams = fakeStreams(run);
  const prompt = streams.client({ ...ALL, batchMs: 0 });
  const others = range(0, MANY).map(() => streams.client(denied));
  const sends = () => streams.messages.length;
  return {
    ...streams,
    prompt,
    promptAt,
    sends,
    pass: (ms: number) => (now += ms),
    /** Rows arrive, unnoticed by the event loop, once `sent` messages were sent. `arrived` is called just before. */
    arriveAfter(sent: number, arrived: () => void) {
      poll = () => {
        if (sends() < sent) return false;
        poll = () => false;
        arrived();
        streams.add(1);
        return true;
      };
    },
    async untilSent() {
      while (others.some(({ batches }) => batches.length === 0)) await turn();
    },
  };
}

describe('rows of a client without a filter', () => {
  it.each([
    ['are not due', 0],
    ['are overdue', 10_000],
  ])('that arrive while 200 sends to others %s wait for a few of them', async (_, lateMs) => {
    const { prompt, promptAt, add, pass, arriveAfter, untilSent } = crowd();
    arriveAfter(ARRIVED, () => pass(lateMs));
    add(30);
    await untilSent();
    expect(prompt.batches.map(({ length }) => length)).toEqual([30, 1]);
    expect(promptAt[1]).toBeLessThanOrEqual(ARRIVED + UNTIL_LOOK);
  });

  it('that arrive between two turns wait for no other send', async () => {
    const { prompt, add, sends, untilSent } = crowd();
    add(30);
    await turn();
    const before = sends();
    expect(before).toBeLessThan(MANY);
    add(1);
    expect(prompt.batches).toHaveLength(2);
    expect(sends()).toBe(before + 1);
    await untilSent();
  });
});

it('the client that is served first is the last one next time', () => {
  const held: (() => void)[] = [];
  const { add, wait, client } = fakeStreams((work) => held.push(work));
  const clients = range(0, 3).map(() => client(ALL));
  const servedOf = (each: FakeClient) => each.batches.length;
  const orders: number[][] = [];
  for (let round = 0; round < 3; round++) {
    const order: number[] = [];
    add(1);
    wait(10);
    for (let before = clients.map(servedOf); held.length > 0; before = clients.map(servedOf)) {
      held.shift()?.();
      clients.forEach((each, i) => {
        if (servedOf(each) > (before[i] ?? 0)) order.push(i);
      });
    }
    orders.push(order);
  }
  expect(orders).toEqual([
    [0, 1, 2],
    [1, 2, 0],
    [2, 0, 1],
  ]);
});
