import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message } from './frames.ts';
import { BACKLOG_BYTES, BACKLOG_MS, SendQueue } from './send-queue.ts';

const KIB = 1024;

/** A SendQueue whose network takes messages when the test says so. */
function lab() {
  const time = { now: 1000 };
  const written: { message: Message; sent: () => void }[] = [];
  const sendQueue = new SendQueue(
    (message, sent) => written.push({ message, sent }),
    () => time.now,
    (work) => work(),
  );
  let taken = 0;
  return {
    sendQueue,
    time,
    written,
    send: (bytes: number) => sendQueue.send({ encode: () => [], plain: () => [], bytes }),
    /** The kernel takes the oldest `messages` that were written. */
    take(messages: number): void {
      for (const { sent } of written.slice(taken, taken + messages)) {
        taken++;
        sent();
      }
    },
    takeAll(): void {
      while (taken < written.length) written[taken++]?.sent();
    },
  };
}

describe('SendQueue', () => {
  it('writes a message at once, and releases it when the kernel has taken it', () => {
    const { sendQueue, written, send, take } = lab();
    send(100);
    send(50);
    expect(written.map(({ message }) => message.bytes)).toEqual([100, 50]);
    expect([sendQueue.backlog, sendQueue.length]).toEqual([150, 2]);
    take(1);
    expect([sendQueue.backlog, sendQueue.length]).toEqual([50, 1]);
    take(1);
    expect([sendQueue.backlog, sendQueue.length]).toEqual([0, 0]);
  });

  it('writes a few messages, and the next when one was taken', () => {
    const { written, send, take } = lab();
    for (let i = 0; i < 20; i++) send(64 * KIB);
    expect(written).toHaveLength(2);
    take(1);
    expect(written).toHaveLength(3);
    take(2);
    expect(written).toHaveLength(5);
  });

  it('is full when another message would exceed its limit', () => {
    const { sendQueue, send } = lab();
    send(BACKLOG_BYTES - 100);
    expect(sendQueue.isFull(100)).toBe(false);
    expect(sendQueue.isFull(101)).toBe(true);
  });

  it('is full when its oldest message has waited too long, until that message was taken', () => {
    const { sendQueue, time, send, take } = lab();
    send(1);
    time.now += BACKLOG_MS;
    send(1);
    expect(sendQueue.isFull(1)).toBe(false);
    time.now += 1;
    expect(sendQueue.isFull(1)).toBe(true);
    take(1);
    expect(sendQueue.isFull(1)).toBe(false);
  });

  it('reports how long nothing was taken, and zero when nothing waits', () => {
    const { sendQueue, time, send, take } = lab();
    time.now += 60_000;
    expect(sendQueue.stalledMs()).toBe(0);
    send(1);
    send(1);
    time.now += 700;
    expect([sendQueue.stalledMs(), sendQueue.oldestMs()]).toEqual([700, 700]);
    take(1);
    time.now += 300;
    expect([sendQueue.stalledMs(), sendQueue.oldestMs()]).toEqual([300, 1000]);
    take(1);
    time.now += 60_000;
    expect([sendQueue.stalledMs(), sendQueue.oldestMs()]).toEqual([0, 0]);
  });

  it('runs an action after everything before it was written', () => {
    const { sendQueue, written, send, take } = lab();
    const acted: number[] = [];
    sendQueue.after((done) => {
      acted.push(written.length);
      done();
    });
    expect(acted).toEqual([0]);
    for (let i = 0; i < 5; i++) send(64 * KIB);
    sendQueue.after((done) => {
      acted.push(written.length);
      done();
    });
    send(1);
    for (let i = 0; i < 3; i++) take(1);
    expect(acted).toEqual([0]);
    take(1);
    expect(acted).toEqual([0, 5]);
  });

  it('writes nothing behind an action that is not done, which counts as stalled', () => {
    const { sendQueue, time, written, send } = lab();
    let done = () => {};
    sendQueue.after((isDone) => {
      done = isDone;
    });
    send(1);
    sendQueue.after((isDone) => isDone());
    time.now += 700;
    expect([written.length, sendQueue.length, sendQueue.stalledMs()]).toEqual([0, 3, 700]);
    done();
    done();
    expect([written.length, sendQueue.length, sendQueue.stalledMs()]).toEqual([1, 2, 0]);
  });

  it('writes everything on flush', () => {
    const { sendQueue, written, send } = lab();
    let acted = false;
    for (let i = 0; i < 10; i++) send(64 * KIB);
    sendQueue.after(() => {
      acted = true;
    });
    sendQueue.flush();
    expect(written).toHaveLength(10);
    expect(acted).toBe(true);
  });

  it('keeps order and sums with any network', () => {
    const step = fc.oneof(
      fc.tuple(fc.constant('send' as const), fc.integer({ min: 1, max: 100 * KIB })),
      fc.tuple(fc.constant('take' as const), fc.nat(5)),
      fc.tuple(fc.constantFrom('after' as const, 'done' as const), fc.constant(0)),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const { sendQueue, written, send, take, takeAll } = lab();
        const sizes: number[] = [];
        let [asked, acted] = [0, 0];
        const undone: (() => void)[] = [];
        const does = {
          take,
          done: () => undone.shift()?.(),
          send: (bytes: number) => {
            sizes.push(bytes);
            send(bytes);
          },
          after: () => {
            const before = sizes.length;
            const isQuick = asked++ % 2 === 0;
            sendQueue.after((done) => {
              acted++;
              expect(written).toHaveLength(before);
              if (isQuick) done();
              else undone.push(done);
            });
          },
        };
        for (const [what, number] of steps) does[what](number);
        takeAll();
        for (let done = undone.shift(); done; done = undone.shift()) {
          done();
          takeAll();
        }
        expect(written.map(({ message }) => message.bytes)).toEqual(sizes);
        expect([sendQueue.backlog, sendQueue.length, acted]).toEqual([0, 0, asked]);
      }),
      { numRuns: 200 },
    );
  });
});
