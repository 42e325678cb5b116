import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message } from './frames.ts';
import { BACKLOG_BYTES, BACKLOG_MS, Outbox } from './send-queue.ts';

const KIB = 1024;

/** An outbox whose network takes messages when the test says so. */
function lab() {
  const time = { now: 1000 };
  const written: { message: Message; sent: () => void }[] = [];
  const outbox = new Outbox(
    (message, sent) => written.push({ message, sent }),
    () => time.now,
  );
  let taken = 0;
  return {
    outbox,
    time,
    written,
    send: (bytes: number) => outbox.send({ pieces: [], plain: () => [], bytes }),
    /** The kernel takes so many of the messages that were handed on. */
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

describe('Outbox', () => {
  it('hands on at once what it is given, and forgets it when the kernel has it', () => {
    const { outbox, written, send, take } = lab();
    send(100);
    send(50);
    expect(written.map(({ message }) => message.bytes)).toEqual([100, 50]);
    expect([outbox.backlog, outbox.length]).toEqual([150, 2]);
    take(1);
    expect([outbox.backlog, outbox.length]).toEqual([50, 1]);
    take(1);
    expect([outbox.backlog, outbox.length]).toEqual([0, 0]);
  });

  it('hands a few messages on, and the next when one was taken', () => {
    const { written, send, take } = lab();
    for (let i = 0; i < 20; i++) send(64 * KIB);
    expect(written).toHaveLength(2);
    take(1);
    expect(written).toHaveLength(3);
    take(2);
    expect(written).toHaveLength(5);
  });

  it('is full when a message more would pass its bound', () => {
    const { outbox, send } = lab();
    send(BACKLOG_BYTES - 100);
    expect(outbox.isFull(100)).toBe(false);
    expect(outbox.isFull(101)).toBe(true);
  });

  it('is full when its oldest byte has waited too long, however few there are, until that was taken', () => {
    const { outbox, time, send, take } = lab();
    send(1);
    time.now += BACKLOG_MS;
    send(1);
    expect(outbox.isFull(1)).toBe(false);
    time.now += 1;
    expect(outbox.isFull(1)).toBe(true);
    take(1);
    expect(outbox.isFull(1)).toBe(false);
  });

  it('knows how long nothing was taken, which is no time at all when nothing waits', () => {
    const { outbox, time, send, take } = lab();
    time.now += 60_000;
    expect(outbox.stalledMs()).toBe(0);
    send(1);
    send(1);
    time.now += 700;
    expect([outbox.stalledMs(), outbox.oldestMs()]).toEqual([700, 700]);
    take(1);
    time.now += 300;
    expect([outbox.stalledMs(), outbox.oldestMs()]).toEqual([300, 1000]);
    take(1);
    time.now += 60_000;
    expect([outbox.stalledMs(), outbox.oldestMs()]).toEqual([0, 0]);
  });

  it('acts in turn, when all that was sent before was handed on', () => {
    const { outbox, written, send, take } = lab();
    const acted: number[] = [];
    outbox.after((done) => {
      acted.push(written.length);
      done();
    });
    expect(acted).toEqual([0]);
    for (let i = 0; i < 5; i++) send(64 * KIB);
    outbox.after((done) => {
      acted.push(written.length);
      done();
    });
    send(1);
    for (let i = 0; i < 3; i++) take(1);
    expect(acted).toEqual([0]);
    take(1);
    expect(acted).toEqual([0, 5]);
  });

  it('hands nothing on behind an action that is not done, which is a stall as any other', () => {
    const { outbox, time, written, send } = lab();
    let done = () => {};
    outbox.after((isDone) => {
      done = isDone;
    });
    send(1);
    outbox.after((isDone) => isDone());
    time.now += 700;
    expect([written.length, outbox.length, outbox.stalledMs()]).toEqual([0, 3, 700]);
    done();
    done();
    expect([written.length, outbox.length, outbox.stalledMs()]).toEqual([1, 2, 0]);
  });

  it('hands everything on at the end', () => {
    const { outbox, written, send } = lab();
    let acted = false;
    for (let i = 0; i < 10; i++) send(64 * KIB);
    outbox.after(() => {
      acted = true;
    });
    outbox.flush();
    expect(written).toHaveLength(10);
    expect(acted).toBe(true);
  });

  it('keeps order and sums, whatever the network does', () => {
    const step = fc.oneof(
      fc.tuple(fc.constant('send' as const), fc.integer({ min: 1, max: 100 * KIB })),
      fc.tuple(fc.constant('take' as const), fc.nat(5)),
      fc.tuple(fc.constantFrom('after' as const, 'done' as const), fc.constant(0)),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const { outbox, written, send, take, takeAll } = lab();
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
            outbox.after((done) => {
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
        expect([outbox.backlog, outbox.length, acted]).toEqual([0, 0, asked]);
      }),
      { numRuns: 200 },
    );
  });
});
