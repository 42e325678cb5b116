/**
 * Failures of the kernel: once, and again on the way back. What is reported as in force must be what the kernel has.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeService, ROOT, rejection } from '../../../test/support/fake-kernel.ts';
import { removing } from './change.ts';

let fake: ReturnType<typeof fakeService>;
beforeEach(async () => {
  fake = fakeService();
  await fake.begin();
});
afterEach(() => fake.end());

const NO_MEMORY = new Error('no memory');
const snapshot = () => fake.service.snapshot({ enforcing: true, pinned: false });
const alarms = () => fake.service.alarms.all.map(({ code, message }) => `${code}: ${message}`);
const sources = () => snapshot().rules.map(({ source }) => source);

describe('a disk that fails, and a kernel that rejects the previous rules', () => {
  const torn = async () => {
    await fake.add({ source: '1.1.1.1' });
    fake.world.commitFault = new Error('EIO: i/o error');
    fake.kernel.faults = [undefined, NO_MEMORY];
    const done = await fake.add({ source: '1.1.1.2' });
    fake.world.commitFault = undefined;
    return done;
  };

  it('leave the new rules in force: answer, list, alarm and audit report it', async () => {
    const { warning } = await torn();
    expect(warning).toMatch(/cannot be written: EIO.*rejected the previous rules: no memory\. The new rules are in/);
    expect(fake.kernel.verdict('1.1.1.2')).toBe('deny 2');
    expect(sources()).toEqual(['1.1.1.1', '1.1.1.2']);
    expect(alarms()).toEqual([`rules_file: ${warning}`]);
    expect(fake.audit.map(({ what }) => what)).toEqual(['add', 'fallback', 'add']);
    expect(fake.saved.at(-1)?.rules).toHaveLength(1);
  });

  it('do not block the next change, which writes everything and ends the alarm; undo works', async () => {
    await torn();
    await fake.add({ source: '1.1.1.3' });
    expect(fake.saved.at(-1)?.rules.map(({ source }) => source)).toEqual(['1.1.1.1', '1.1.1.2', '1.1.1.3']);
    expect(alarms()).toEqual([]);
    await fake.service.undo(ROOT);
    await fake.service.undo(ROOT);
    expect(fake.kernel.verdict('1.1.1.2')).toBe('permit');
    expect(fake.kernel.verdict('1.1.1.1')).toBe('deny 1');
  });

  it('can be ended by loading the file again', async () => {
    const [before] = [fake.saved, await torn()];
    await fake.service.load(async () => before.at(-1), 'SIGHUP');
    expect(fake.kernel.verdict('1.1.1.2')).toBe('permit');
    expect(alarms()).toEqual([]);
  });

  it('are not reported as in force where the kernel has others', async () => {
    fake.kernel.isCurrent = false;
    expect((await torn()).warning).toMatch(/Neither is in force in the kernel/);
  });
});

it('a rejected change does not say that the rules before are in force where the kernel has others', async () => {
  fake.kernel.isCurrent = false;
  fake.kernel.faults = [NO_MEMORY];
  expect(await rejection(fake.add({ source: '1.1.1.1' }))).toMatchObject({
    message: expect.stringMatching(/see packetlog rules list/),
  });
});

it('rules are compiled again for new names until the kernel accepts them', async () => {
  await fake.add({ source: '1.1.1.1', interface: 'wan0' });
  const names = [{ name: 'wan0', slot: 1 }];
  fake.kernel.faults = [NO_MEMORY];
  fake.service.named(names);
  await vi.waitFor(() =>
    expect(fake.notices).toMatchObject([{ message: expect.stringMatching(/renamed.*no memory/) }]),
  );
  expect(fake.kernel.verdict('1.1.1.1')).toBe('permit');
  fake.service.named(names);
  await vi.waitFor(() => expect(fake.kernel.verdict('1.1.1.1')).toBe('deny 1'));
});

describe('a pending change', () => {
  const wait = () => fake.add({ source: 'any', destination_port: 23 });

  it('stays with a warning, and can be undone, when it is confirmed, the disk fails and the kernel rejects the previous rules', async () => {
    await wait();
    fake.world.commitFault = new Error('EIO: i/o error');
    fake.kernel.faults = [undefined, NO_MEMORY];
    const { warning } = await fake.service.confirm(ROOT);
    fake.world.commitFault = undefined;
    expect(warning).toMatch(/cannot be written: EIO.*rejected the previous rules: no memory\. The new rules are in/);
    expect(alarms()).toEqual([`rules_file: ${warning}`]);
    expect(fake.kernel.verdict('192.0.2.1', 23)).toBe('deny 1');
    await fake.service.undo(ROOT);
    expect(fake.kernel.verdict('192.0.2.1', 23)).toBe('permit');
    expect(alarms()).toEqual([]);
  });

  it('stays pending as it was when another risky change is rejected', async () => {
    await wait();
    const until = snapshot().pending?.until_ms ?? 0;
    fake.kernel.faults = [NO_MEMORY];
    expect(await rejection(fake.add({ source: 'any', destination_port: 25 }))).toMatchObject({ code: 'internal' });
    expect(sources()).toEqual(['any']);
    expect(snapshot().pending?.until_ms).toBeCloseTo(until, -2);
    await fake.service.confirm(ROOT);
    expect(fake.kernel.verdict('192.0.2.1', 23)).toBe('deny 1');
    expect(fake.kernel.verdict('192.0.2.1', 25)).toBe('permit');
  });

  it('reverts, with an audit entry, when the kernel rejects it together with a change that was confirmed meanwhile', async () => {
    await wait();
    fake.kernel.faults = [undefined, NO_MEMORY];
    const { warning, pending } = await fake.add({ source: '1.1.1.1' });
    expect([warning, pending]).toEqual([expect.stringMatching(/has reverted: The kernel rejected/), undefined]);
    expect(fake.kernel.verdict('192.0.2.1', 23)).toBe('permit');
    expect(fake.kernel.verdict('1.1.1.1')).toBe('deny 2');
    expect(sources()).toEqual(['1.1.1.1']);
    expect(fake.audit.map(({ what }) => what)).toEqual(['add', 'revert', 'add']);
  });

  it('stays until its time is over, and cannot be confirmed, when the kernel also rejects removing it', async () => {
    fake = fakeService({ confirmMs: 1500 });
    await fake.begin();
    await wait();
    fake.kernel.faults = [undefined, NO_MEMORY, NO_MEMORY];
    expect((await fake.add({ source: '1.1.1.1' })).warning).toMatch(/did not remove the unconfirmed change/);
    expect(fake.kernel.verdict('192.0.2.1', 23)).toBe('deny 1');
    expect(sources()).toEqual(['any']);
    expect(await rejection(fake.service.confirm(ROOT))).toMatchObject({
      message: expect.stringMatching(/no longer be confirmed/),
    });
    // The kernel's own clock ends it, so a failed removal makes no difference then.
    fake.kernel.faults = [NO_MEMORY];
    await vi.waitFor(() => expect(snapshot().pending).toBeUndefined(), 30_000);
    expect(fake.kernel.verdict('192.0.2.1', 23)).toBe('permit');
    expect(sources()).toEqual(['1.1.1.1']);
    await fake.add({ source: '1.1.1.2' });
    expect(fake.kernel.verdict('1.1.1.2')).toBe('deny 3');
  });

  it('stays in front when its rule is removed and the kernel rejects that; the removal takes effect afterwards', async () => {
    fake = fakeService({ confirmMs: 1500 });
    await fake.begin();
    await wait();
    fake.kernel.faults = [undefined, NO_MEMORY];
    expect((await fake.service.ask(removing({ ids: [1] }, ROOT))).warning).toMatch(/stays in force until its time/);
    expect(await rejection(fake.service.confirm(ROOT))).toMatchObject({ code: 'invalid' });
    await vi.waitFor(() => expect(snapshot().pending).toBeUndefined(), 30_000);
    expect(sources()).toEqual([]);
  });

  it('is confirmed although the kernel does not release it, and no other change is confirmed until then', async () => {
    await wait();
    fake.kernel.faults = [undefined, NO_MEMORY, NO_MEMORY];
    await fake.service.confirm(ROOT);
    expect(fake.audit.map(({ what }) => what)).toEqual(['add', 'confirm']);
    expect(await rejection(fake.add({ source: '1.1.1.1' }))).toMatchObject({
      code: 'internal',
      message: expect.stringMatching(/no memory/),
    });
    expect(sources()).toEqual(['any']);
    await fake.add({ source: '1.1.1.1' });
    expect(fake.kernel.verdict('1.1.1.1')).toBe('deny 2');
    expect(fake.kernel.verdict('192.0.2.1', 23)).toBe('deny 1');
  });

  it('stays pending when a revert is rejected', async () => {
    await wait();
    fake.kernel.faults = [NO_MEMORY];
    expect(await rejection(fake.service.revert(ROOT))).toMatchObject({
      message: expect.stringMatching(/stays in force until its time/),
    });
    expect(snapshot().pending).toBeDefined();
    await fake.service.revert(ROOT);
    expect(fake.kernel.verdict('192.0.2.1', 23)).toBe('permit');
  });
});
