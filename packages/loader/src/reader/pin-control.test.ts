import { describe, expect, it } from 'vitest';
import { SetupError, toPlain } from '../errors/setup-error.ts';
import type { ToDrain } from '../ipc/messages.ts';
import { PinControl } from './pin-control.ts';

function control() {
  const sent: ToDrain[] = [];
  return { sent, pins: new PinControl((message) => sent.push(message)) };
}

describe('a request for pins', () => {
  it('is answered in the order of the requests', async () => {
    const { sent, pins } = control();
    const both = Promise.all([pins.set(true), pins.set(false)]);
    expect(sent).toEqual([
      { type: 'pin', on: true },
      { type: 'pin', on: false },
    ]);
    pins.answered({ type: 'pinned', pinned: '/sys/fs/bpf/packetlog/net_1', error: undefined });
    pins.answered({ type: 'pinned', pinned: undefined, error: undefined });
    expect(await both).toEqual(['/sys/fs/bpf/packetlog/net_1', undefined]);
  });

  it('fails with the reason of the drain thread', async () => {
    const { pins } = control();
    const error = new SetupError({ step: 'pin in', target: '/sys/fs/bpf', exit: 'privilege' });
    const asked = pins.set(true);
    pins.answered({ type: 'pinned', pinned: undefined, error: toPlain(error) });
    await expect(asked).rejects.toEqual(error);
  });

  it('fails when the drain thread ends, before or after', async () => {
    const { sent, pins } = control();
    const asked = pins.set(true);
    pins.fail(new Error('ended'));
    await expect(asked).rejects.toThrow('ended');
    await expect(pins.set(false)).rejects.toThrow('ended');
    expect(sent).toHaveLength(1);
  });
});
