import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { EXIT, type ExitReason } from './exit-codes.ts';
import { fromPlain, SetupError, type SetupFacts, toPlain } from './setup-error.ts';

/** The error as it arrives in another thread. */
function sent(error: unknown): Error {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(toPlain(error));
  const message = receiveMessageOnPort(port2)?.message as ReturnType<typeof toPlain>;
  port1.close();
  return fromPlain(message);
}

const what = { step: 'attach to', target: 'eth0', exit: 'busy' } as const;

describe('SetupError', () => {
  it.each<[string, SetupFacts]>([
    ['attach to eth0: it is taken.', { ...what, problem: 'it is taken' }],
    ['attach to eth0: it is taken. Use another.', { ...what, problem: 'it is taken', next: 'Use another.' }],
    ['attach to eth0: EBUSY (16): resource busy or locked.', { ...what, errno: 16 }],
    ['attach to eth0: errno 4000.', { ...what, errno: 4000 }],
    ['attach to eth0: broken.', { ...what, cause: new Error('broken') }],
    ['attach to eth0: failed.', what],
    ['attach to eth0: in words.', { ...what, problem: 'in words', errno: 16, cause: new Error('broken') }],
  ])('reads "%s", here and in another thread', (message, facts) => {
    const error = new SetupError(facts);
    expect(error.message).toBe(message);
    const arrived = sent(error);
    expect(arrived).toBeInstanceOf(SetupError);
    expect(arrived.message).toBe(message);
  });

  it('keeps its cause, but does not send it', () => {
    const cause = Object.assign(new Error('deep'), { uncloneable: () => {} });
    const error = new SetupError({ ...what, cause });
    expect(error.cause).toBe(cause);
    expect((sent(error) as SetupError).facts).not.toHaveProperty('cause');
  });

  it('keeps errno and detail across threads', () => {
    const facts = (sent(new SetupError({ ...what, errno: 17, detail: 'the last lines' })) as SetupError).facts;
    expect(facts).toMatchObject({ errno: 17, detail: 'the last lines', step: 'attach to' });
  });

  it.each(Object.keys(EXIT) as ExitReason[])('has the exit code of %s, also across threads', (exit) => {
    const error = new SetupError({ ...what, exit });
    expect(error.exitCode).toBe(EXIT[exit]);
    expect((sent(error) as SetupError).exitCode).toBe(EXIT[exit]);
  });
});

describe('any other error', () => {
  it('arrives with its message and its stack', () => {
    const error = new TypeError('not a function');
    const arrived = sent(error);
    expect(arrived).not.toBeInstanceOf(SetupError);
    expect([arrived.message, arrived.stack]).toEqual([error.message, error.stack]);
  });

  it.each([
    ['a text', 'a text'],
    [undefined, 'undefined'],
    [42, '42'],
  ])('arrives as an Error when %o was thrown', (thrown, message) => {
    expect(sent(thrown).message).toBe(message);
  });
});
