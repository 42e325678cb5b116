import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeService, ROOT, rejection } from '../../../test/support/fake-kernel.ts';
import { choosingPolicy, editing, removing } from './change.ts';

type Fake = ReturnType<typeof fakeService>;
let fake: Fake;
beforeEach(() => {
  fake = fakeService();
});
afterEach(() => fake.end());

const snapshot = () => fake.service.snapshot({ enforcing: true, pinned: false });
const add: Fake['add'] = (...draft) => fake.add(...draft);

describe('the lockout guard', () => {
  const PEER = { kind: 'ssh_peer', address: '203.0.113.9', ports: [22] } as const;
  beforeEach(async () => {
    fake.world.protected = [PEER];
    await fake.begin();
  });

  it('rejects a change that would lock out an address, and names it', async () => {
    const error = await rejection(add({ source: '203.0.113.0/24' }));
    expect(error).toMatchObject({
      code: 'lockout',
      protected: { kind: 'ssh_peer', address: '203.0.113.9' },
      message: expect.stringMatching(/203\.0\.113\.9.*--force/),
    });
    expect(fake.kernel.verdict('203.0.113.9', 22)).toBe('permit');
  });

  it('is overridden by force, and then does not block other changes', async () => {
    await add({ source: '203.0.113.0/24' }, true);
    expect(fake.kernel.verdict('203.0.113.9', 22)).toBe('deny 1');
    expect(fake.audit.at(-1)).toMatchObject({ forced: true });
    await add({ source: '192.0.2.1' });
  });

  it('takes into account that a permit rule wins', async () => {
    await add({ action: 'permit', source: '203.0.113.9' });
    await add({ source: '203.0.113.0/24' });
    expect(fake.kernel.verdict('203.0.113.9', 22)).toBe('permit 1');
    expect(await rejection(fake.service.ask(removing({ ids: [1] }, ROOT)))).toMatchObject({ code: 'lockout' });
  });

  it('ignores ports that protected addresses do not use', async () => {
    await add({ source: '203.0.113.0/24', protocol: 'tcp', destination_port: 23 });
    expect(fake.kernel.verdict('203.0.113.9', 23)).toBe('deny 1');
  });

  it('guards a list of networks against anything that denies a part of them', async () => {
    fake.world.protected = [{ kind: 'protect', address: '198.51.100.0/24', ports: [] }];
    const part = { source: '198.51.100.77', protocol: 'udp', destination_port: '5000-5005' };
    expect(await rejection(add(part))).toMatchObject({ code: 'lockout' });
    expect(await rejection(add({ source: '198.51.0.0/16' }))).toMatchObject({ code: 'lockout' });
    await add({ source: '198.51.101.0/24' });
  });

  it.each(['203.0.113.9', '0.0.0.0/0', '2001:db8::9', '::/0', 'any'])(
    "guards the operator's own address, where the page is served, against a rule for %s",
    async (source) => {
      fake.world.protected = ['203.0.113.9', '2001:db8::9'].map((address) => ({
        kind: 'operator',
        address,
        ports: [7411],
      }));
      const error = { code: 'lockout', protected: { kind: 'operator' } };
      expect(await rejection(add({ source }))).toMatchObject(error);
      expect(await rejection(add({ source, protocol: 'tcp', destination_port: 7411 }))).toMatchObject(error);
      expect(fake.service.ruleset.rules).toEqual([]);
      await add({ source, protocol: 'tcp', destination_port: 7412 });
    },
  );

  it('guards gateways and name servers by what they send', async () => {
    fake.world.protected = [
      { kind: 'gateway', address: '192.0.2.1', ports: [] },
      { kind: 'dns', address: '192.0.2.53', ports: [] },
    ];
    expect(await rejection(add({ source: '192.0.2.1' }))).toMatchObject({ protected: { kind: 'gateway' } });
    expect(await rejection(add({ source: '192.0.2.53', protocol: 'udp' }))).toMatchObject({
      protected: { kind: 'dns' },
    });
    await add({ source: '192.0.2.53', protocol: 'tcp', destination_port: 22 });
  });
});

describe('a risky change', () => {
  it('is in force at once, waits, and is not written before it is confirmed', async () => {
    await fake.begin();
    const { pending } = await add({ source: 'any', destination_port: 23 });
    expect(pending).toMatchObject({ revision_before: 1, why: /denies any source/ });
    expect(fake.kernel.verdict('192.0.2.1', 23)).toBe('deny 1');
    expect(fake.saved).toEqual([]);
    await fake.service.confirm(ROOT);
    expect(fake.saved.at(-1)?.rules).toHaveLength(1);
    expect(fake.kernel.verdict('192.0.2.1', 23)).toBe('deny 1');
    expect(fake.service.snapshot({ enforcing: true, pinned: false }).pending).toBeUndefined();
    expect(fake.audit.map(({ what }) => what)).toEqual(['add', 'confirm']);
  });

  it('that the kernel rejects leaves the confirmed rules in force, and nothing waits', async () => {
    await fake.begin();
    await add({ source: '192.0.2.1' });
    fake.kernel.faults = [new Error('no memory')];
    expect(await rejection(add({ source: 'any', destination_port: 23 }))).toMatchObject({
      code: 'internal',
      message: 'The kernel rejected the rules: no memory. The rules before this change are in force.',
    });
    expect(fake.service.snapshot({ enforcing: true, pinned: false }).pending).toBeUndefined();
    expect(fake.kernel.verdict('192.0.2.1', 23)).toBe('deny 1');
    expect(fake.kernel.verdict('192.0.2.2', 23)).toBe('permit');
  });

  it('reverts when its time is over, in the kernel and here', async () => {
    fake = fakeService({ confirmMs: 50 });
    await fake.begin();
    await fake.service.ask(choosingPolicy({ default_policy: 'deny' }, ROOT));
    expect(fake.kernel.verdict('192.0.2.1')).toBe('deny');
    await vi.waitFor(() => expect(fake.kernel.verdict('192.0.2.1')).toBe('permit'));
    await vi.waitFor(() => expect(fake.audit.map(({ what }) => what)).toEqual(['policy', 'revert']));
    expect(fake.notices).toMatchObject([{ code: 'rules_reverted' }]);
    expect(await rejection(fake.service.confirm(ROOT))).toMatchObject({ code: 'not_found' });
  });

  it('reverts in the kernel when the loader has ended', async () => {
    fake = fakeService({ confirmMs: 50 });
    await fake.begin();
    await add({ source: 'any' });
    await fake.service.end();
    await vi.waitFor(() => expect(fake.kernel.verdict('192.0.2.1')).toBe('permit'));
  });

  it('can be reverted before its time is over', async () => {
    await fake.begin();
    await add({ source: 'any' });
    await fake.service.revert(ROOT);
    expect(fake.kernel.verdict('192.0.2.1')).toBe('permit');
    expect((await add({ source: '1.1.1.1' })).value.rule.id).toBe(2);
  });

  it('does not block others: they are confirmed at once, and stay when it reverts', async () => {
    await fake.begin();
    await add({ source: 'any', destination_port: 23 });
    const { value } = await add({ source: '1.1.1.1' });
    expect(fake.saved.at(-1)?.rules).toEqual([value.rule]);
    expect(fake.kernel.verdict('1.1.1.1')).toBe('deny 2');
    expect(fake.kernel.verdict('1.1.1.2', 23)).toBe('deny 1');
    await fake.service.revert(ROOT);
    expect(fake.kernel.verdict('1.1.1.1')).toBe('deny 2');
    expect(fake.kernel.verdict('1.1.1.2', 23)).toBe('permit');
  });

  it('does not hide others from undo: each is a step, and stays when an older one is undone', async () => {
    await fake.begin();
    await add({ source: '1.1.1.1' });
    await add({ source: 'any', destination_port: 23 });
    await add({ source: '1.1.1.2' });
    await fake.service.revert(ROOT);
    expect((await fake.service.undo(ROOT)).value.undone).toMatch(/1\.1\.1\.2/);
    expect(fake.kernel.verdict('1.1.1.1')).toBe('deny 1');
    expect(fake.kernel.verdict('1.1.1.2')).toBe('permit');
  });

  it('ends when the risky rule is removed, and no answer mentions it afterwards', async () => {
    await fake.begin();
    expect((await add({ source: '2001:db8::/29' })).pending).toMatchObject({ why: /wider than \/32/ });
    expect((await add({ source: '192.0.2.1' })).pending).toBeUndefined();
    expect(snapshot().pending).toBeDefined();
    const removed = await fake.service.ask(removing({ ids: [1] }, ROOT));
    expect(removed.pending).toBeUndefined();
    expect(snapshot().pending).toBeUndefined();
    expect((await add({ source: '192.0.2.3' })).pending).toBeUndefined();
    expect(fake.saved.at(-1)?.rules.map(({ id }) => id)).toEqual([2, 3]);
    expect(await rejection(fake.service.confirm(ROOT))).toMatchObject({ code: 'not_found' });
  });

  it('ends when its rule is made harmless', async () => {
    await fake.begin();
    await add({ source: 'any' });
    await fake.service.ask(editing({ id: 1, changes: { source: '192.0.2.0/24' } }, ROOT));
    expect(snapshot().pending).toBeUndefined();
    expect(fake.saved.at(-1)?.rules).toMatchObject([{ id: 1, source: '192.0.2.0/24' }]);
    expect(fake.kernel.verdict('192.0.2.7')).toBe('deny 1');
  });

  it('stays pending for the remaining one of two rules', async () => {
    await fake.begin();
    await add({ source: 'any', destination_port: 23 });
    await add({ source: 'any', destination_port: 25 });
    expect((await fake.service.ask(removing({ ids: [1] }, ROOT))).pending).toBeDefined();
    expect(snapshot().pending?.why).toMatch(/rule 2/i);
  });

  it('ends by the monotonic clock, also when the wall clock is set back and another change comes', async () => {
    fake = fakeService({ confirmMs: 300 });
    await fake.begin();
    await add({ source: 'any' });
    const dayMs = 86_400_000;
    const now = Date.now;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() - dayMs);
    try {
      await add({ source: '192.0.2.1' });
      // The loader no longer reverts it: the kernel has to.
      await fake.service.end();
      await vi.waitFor(() => expect(fake.kernel.verdict('192.0.2.2')).toBe('permit'));
    } finally {
      clock.mockRestore();
    }
  });

  it('is not put in force when it could not be noted', async () => {
    await fake.begin();
    fake.world.noteFault = new Error('EROFS: read-only file system');
    expect(await rejection(add({ source: 'any' }))).toMatchObject({
      code: 'internal',
      message: expect.stringMatching(/EROFS/),
    });
    expect(fake.kernel.verdict('192.0.2.1')).toBe('permit');
    expect(snapshot().pending).toBeUndefined();
  });

  it('may itself be edited while it waits', async () => {
    await fake.begin();
    await add({ source: 'any', destination_port: 23 });
    await fake.service.ask(editing({ id: 1, changes: { reason: 'telnet' } }, ROOT));
    expect(fake.saved).toEqual([]);
    await fake.service.confirm(ROOT);
    expect(fake.saved.at(-1)?.rules).toMatchObject([{ reason: 'telnet' }]);
  });

  it('is rejected where nothing would revert it, unless it is forced', async () => {
    fake = fakeService({ confirmMs: undefined as never });
    await fake.begin();
    expect(await rejection(add({ source: 'any' }))).toMatchObject({
      code: 'invalid',
      message: expect.stringMatching(/--force/),
    });
    await add({ source: 'any' }, true);
    expect(fake.saved.at(-1)?.rules).toHaveLength(1);
  });
});
