import { expect, it, vi } from 'vitest';
import { Pinning } from './pin-while-denying.ts';
import { EMPTY_RULESET, type Ruleset } from './ruleset/ruleset.ts';

const denying: Ruleset = { ...EMPTY_RULESET, defaultPolicy: 'deny' };

it('pins while rules deny, asks once for each change, and clears what an earlier loader left', async () => {
  const pin = vi.fn(async (on: boolean) => (on ? '/sys/fs/bpf/packetlog' : undefined));
  const pinning = new Pinning(() => {});
  await pinning.follow(denying);
  expect(pin).not.toHaveBeenCalled();
  await pinning.by(pin, EMPTY_RULESET);
  expect(pin.mock.calls).toEqual([[false]]);
  await pinning.follow(denying);
  await pinning.follow(denying);
  expect(pinning.path).toBe('/sys/fs/bpf/packetlog');
  await pinning.follow(EMPTY_RULESET);
  expect(pin.mock.calls).toEqual([[false], [true], [false]]);
  expect(pinning.path).toBeUndefined();
});

it('reports that it failed, and goes on', async () => {
  const failed = vi.fn();
  const pinning = new Pinning(failed);
  await pinning.by(() => Promise.reject(new Error('no bpffs')), denying);
  expect(failed).toHaveBeenCalledOnce();
  expect(pinning.path).toBeUndefined();
});
