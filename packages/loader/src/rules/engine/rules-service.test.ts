import { ruleDraftSchema } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RulesRefusal } from '../refusal.ts';
import { adding, choosingPolicy, editing, removing, type Who } from './change.ts';
import { fakeService } from './fake-kernel.ts';

const ROOT: Who = { name: 'root', via: 'control', uid: 0 };
type Fake = ReturnType<typeof fakeService>;
let fake: Fake;
beforeEach(() => {
  fake = fakeService();
});
afterEach(() => fake.end());

type Draft = Parameters<typeof ruleDraftSchema.parse>[0] & object;
const add = (draft: Draft, force = false) =>
  fake.service.ask(adding({ rule: ruleDraftSchema.parse({ action: 'deny', ...draft }), force }, ROOT));
const refusal = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof RulesRefusal ? error.error : error;
};

describe('a change', () => {
  it('is in force, written and audited when the answer comes', async () => {
    await fake.begin();
    const { value, revision } = await add({ source: '1.1.1.1', reason: 'noise' });
    expect(value.rule).toMatchObject({ id: 1, source: '1.1.1.1', created_by: 'root' });
    expect(fake.kernel.verdict('1.1.1.1')).toBe('deny 1');
    expect(fake.kernel.verdict('1.1.1.2')).toBe('permit');
    expect(fake.saved.at(-1)?.rules).toEqual([value.rule]);
    expect(fake.audit).toMatchObject([
      { what: 'add', who: ROOT, why: 'noise', revision, after: { rules: [value.rule] } },
    ]);
    expect(fake.service.snapshot({ enforcing: true, pinned: false })).toMatchObject({
      revision,
      rules: [{ id: 1, packets: 0, bytes: 0 }],
    });
  });

  it('gives ids that were never given', async () => {
    await fake.begin({ nextId: 5 });
    await add({ source: '1.1.1.1' });
    await fake.service.ask(removing({ ids: [5] }, ROOT));
    expect((await add({ source: '1.1.1.1' })).value.rule.id).toBe(6);
    expect(fake.kernel.verdict('1.1.1.1')).toBe('deny 6');
  });

  it('is one of many that come at once, and costs few publications', async () => {
    await fake.begin();
    fake.kernel.published.length = 0;
    const done = await Promise.all(Array.from({ length: 50 }, (_, i) => add({ source: `10.0.0.${i}` })));
    expect(new Set(done.map(({ value }) => value.rule.id)).size).toBe(50);
    expect(fake.kernel.verdict('10.0.0.49')).toBe('deny 50');
    expect(fake.kernel.published.length).toBeLessThan(5);
    expect(fake.audit).toHaveLength(50);
  });

  it('that is wrong does not take those with it that come at the same time', async () => {
    await fake.begin();
    const results = await Promise.allSettled([
      add({ source: '1.1.1.1' }),
      add({ source: 'set:none' }),
      add({ source: '1.1.1.3' }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(fake.kernel.verdict('1.1.1.1')).toMatch(/deny/);
    expect(fake.kernel.verdict('1.1.1.3')).toMatch(/deny/);
  });

  it('of a rule keeps its id and what it counted', async () => {
    await fake.begin();
    await add({ source: '1.1.1.1' });
    const [slot = 0] = fake.kernel.published.at(-1)?.fresh ?? [];
    fake.service.counted([{ slot, packets: 7, bytes: 700, last_seen_ms: 1 }]);
    const changes = { source: '1.1.1.0/24', protocol: 'tcp', destination_port: 22 };
    await fake.service.ask(editing({ id: 1, changes }, ROOT));
    expect(fake.kernel.verdict('1.1.1.9', 22)).toBe('deny 1');
    expect(fake.kernel.verdict('1.1.1.9', 23)).toBe('permit');
    expect(fake.kernel.published.at(-1)?.fresh).toEqual([]);
    const { rules } = fake.service.snapshot({ enforcing: true, pinned: false });
    expect(rules).toMatchObject([{ id: 1, packets: 7, bytes: 700 }]);
  });

  it('that cannot be written is not made', async () => {
    await fake.begin();
    fake.world.saveFault = new Error('ENOSPC: no space left on device');
    expect(await refusal(add({ source: '1.1.1.1' }))).toMatchObject({ code: 'internal', message: /ENOSPC/ });
    expect(fake.kernel.verdict('1.1.1.1')).toBe('permit');
  });

  it('that the kernel refuses is not in the file either', async () => {
    await fake.begin();
    await add({ source: '1.1.1.1' });
    fake.kernel.fault = new Error('out of memory.');
    expect(await refusal(add({ source: '1.1.1.2' }))).toMatchObject({ code: 'internal', message: /out of memory/ });
    expect(fake.saved.at(-1)?.rules.map(({ source }) => source)).toEqual(['1.1.1.1']);
  });

  it('beyond what the tables hold is refused, and those before stay', async () => {
    fake = fakeService({ counterSlots: 3 });
    await fake.begin();
    await add({ source: '1.1.1.1' });
    await add({ source: '1.1.1.2' });
    expect(await refusal(add({ source: '1.1.1.3' }))).toMatchObject({ code: 'limit', limit: 2 });
    expect(fake.kernel.verdict('1.1.1.2')).toBe('deny 2');
  });

  it.each([
    ['a rule that is not there', () => fake.service.ask(removing({ ids: [9] }, ROOT)), 'not_found'],
    ['a set that is not there', () => add({ source: 'set:none' }), 'invalid'],
    ['an end that has passed', () => add({ source: '1.1.1.1', expires_at: '2020-01-01T00:00:00Z' }), 'invalid'],
  ])('about %s is refused with the reason', async (_, change, code) => {
    await fake.begin();
    expect(await refusal(change())).toMatchObject({ code });
    expect(fake.saved).toEqual([]);
  });
});

describe('the lock-out guard', () => {
  const PEER = { kind: 'ssh_peer', address: '203.0.113.9', ports: [22] } as const;
  beforeEach(async () => {
    fake.world.protected = [PEER];
    await fake.begin();
  });

  it('refuses what would shut somebody out, and says whom', async () => {
    const error = await refusal(add({ source: '203.0.113.0/24' }));
    expect(error).toMatchObject({
      code: 'lockout',
      protected: { kind: 'ssh_peer', address: '203.0.113.9' },
      message: /203\.0\.113\.9.*--force/,
    });
    expect(fake.kernel.verdict('203.0.113.9', 22)).toBe('permit');
  });

  it('does it by force, and then does not stand in the way of other changes', async () => {
    await add({ source: '203.0.113.0/24' }, true);
    expect(fake.kernel.verdict('203.0.113.9', 22)).toBe('deny 1');
    expect(fake.audit.at(-1)).toMatchObject({ forced: true });
    await add({ source: '192.0.2.1' });
  });

  it('knows that a permit rule wins', async () => {
    await add({ action: 'permit', source: '203.0.113.9' });
    await add({ source: '203.0.113.0/24' });
    expect(fake.kernel.verdict('203.0.113.9', 22)).toBe('permit 1');
    expect(await refusal(fake.service.ask(removing({ ids: [1] }, ROOT)))).toMatchObject({ code: 'lockout' });
  });

  it('does not mind a port that is not theirs', async () => {
    await add({ source: '203.0.113.0/24', protocol: 'tcp', destination_port: 23 });
    expect(fake.kernel.verdict('203.0.113.9', 23)).toBe('deny 1');
  });

  it('guards a list of networks against anything that denies a part of them', async () => {
    fake.world.protected = [{ kind: 'protect', address: '198.51.100.0/24', ports: [] }];
    const part = { source: '198.51.100.77', protocol: 'udp', destination_port: '5000-5005' };
    expect(await refusal(add(part))).toMatchObject({ code: 'lockout' });
    expect(await refusal(add({ source: '198.51.0.0/16' }))).toMatchObject({ code: 'lockout' });
    await add({ source: '198.51.101.0/24' });
  });

  it('guards gateways and name servers by what they send', async () => {
    fake.world.protected = [
      { kind: 'gateway', address: '192.0.2.1', ports: [] },
      { kind: 'dns', address: '192.0.2.53', ports: [] },
    ];
    expect(await refusal(add({ source: '192.0.2.1' }))).toMatchObject({ protected: { kind: 'gateway' } });
    expect(await refusal(add({ source: '192.0.2.53', protocol: 'udp' }))).toMatchObject({ protected: { kind: 'dns' } });
    await add({ source: '192.0.2.53', protocol: 'tcp', destination_port: 22 });
  });
});

describe('a risky change', () => {
  it('is in force at once, waits, and is not written before it is confirmed', async () => {
    await fake.begin();
    const { pending } = await add({ source: 'any', destination_port: 23 });
    expect(pending).toMatchObject({ revision_before: 1, why: /denies everybody/ });
    expect(fake.kernel.verdict('192.0.2.1', 23)).toBe('deny 1');
    expect(fake.saved.at(-1)?.rules).toEqual([]);
    await fake.service.confirm(ROOT);
    expect(fake.saved.at(-1)?.rules).toHaveLength(1);
    expect(fake.kernel.verdict('192.0.2.1', 23)).toBe('deny 1');
    expect(fake.service.snapshot({ enforcing: true, pinned: false }).pending).toBeUndefined();
    expect(fake.audit.map(({ what }) => what)).toEqual(['add', 'confirm']);
  });

  it('reverts by itself, in the kernel and here', async () => {
    fake = fakeService({ confirmMs: 50 });
    await fake.begin();
    await fake.service.ask(choosingPolicy({ default_policy: 'deny' }, ROOT));
    expect(fake.kernel.verdict('192.0.2.1')).toBe('deny');
    await vi.waitFor(() => expect(fake.kernel.verdict('192.0.2.1')).toBe('permit'));
    await vi.waitFor(() => expect(fake.audit.map(({ what }) => what)).toEqual(['policy', 'revert']));
    expect(fake.notices).toMatchObject([{ code: 'rules_reverted' }]);
    expect(await refusal(fake.service.confirm(ROOT))).toMatchObject({ code: 'not_found' });
  });

  it('reverts in the kernel when nobody is left to revert it', async () => {
    fake = fakeService({ confirmMs: 50 });
    await fake.begin();
    await add({ source: 'any' });
    await fake.service.end();
    await vi.waitFor(() => expect(fake.kernel.verdict('192.0.2.1')).toBe('permit'));
  });

  it('can be taken back before', async () => {
    await fake.begin();
    await add({ source: 'any' });
    await fake.service.revert(ROOT);
    expect(fake.kernel.verdict('192.0.2.1')).toBe('permit');
    expect((await add({ source: '1.1.1.1' })).value.rule.id).toBe(2);
  });

  it('does not hold up others: they are confirmed at once, and stay when it reverts', async () => {
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

  it('may itself be edited while it waits', async () => {
    await fake.begin();
    await add({ source: 'any', destination_port: 23 });
    await fake.service.ask(editing({ id: 1, changes: { reason: 'telnet' } }, ROOT));
    expect(fake.saved.at(-1)?.rules).toEqual([]);
    await fake.service.confirm(ROOT);
    expect(fake.saved.at(-1)?.rules).toMatchObject([{ reason: 'telnet' }]);
  });

  it('is refused where nothing would take it back, unless it is forced', async () => {
    fake = fakeService({ confirmMs: undefined as never });
    await fake.begin();
    expect(await refusal(add({ source: 'any' }))).toMatchObject({ code: 'invalid', message: /--force/ });
    await add({ source: 'any' }, true);
    expect(fake.saved.at(-1)?.rules).toHaveLength(1);
  });
});

describe('undo', () => {
  it('takes one change back after the other', async () => {
    await fake.begin();
    await add({ source: '1.1.1.1', reason: 'first' });
    await add({ source: '1.1.1.2', reason: 'second' });
    expect((await fake.service.undo(ROOT)).value.undone).toMatch(/second/);
    expect(fake.kernel.verdict('1.1.1.2')).toBe('permit');
    expect(fake.kernel.verdict('1.1.1.1')).toBe('deny 1');
    expect((await fake.service.undo(ROOT)).value.undone).toMatch(/first/);
    expect(await refusal(fake.service.undo(ROOT))).toMatchObject({ code: 'not_found' });
    expect(fake.saved.at(-1)?.rules).toEqual([]);
  });

  it('brings a removed rule back with its id and its counts', async () => {
    await fake.begin();
    await add({ source: '1.1.1.1' });
    const [slot = 0] = fake.kernel.published.at(-1)?.fresh ?? [];
    fake.service.counted([{ slot, packets: 7, bytes: 700, last_seen_ms: 1 }]);
    await fake.service.ask(removing({ ids: [1] }, ROOT));
    await fake.service.undo(ROOT);
    expect(fake.kernel.verdict('1.1.1.1')).toBe('deny 1');
    const { rules } = fake.service.snapshot({ enforcing: true, pinned: false });
    expect(rules).toMatchObject([{ id: 1, packets: 7 }]);
  });

  it('takes back what waits to be confirmed', async () => {
    await fake.begin();
    await add({ source: 'any' });
    await fake.service.undo(ROOT);
    expect(fake.kernel.verdict('1.1.1.1')).toBe('permit');
    expect(fake.audit.at(-1)).toMatchObject({ what: 'revert' });
  });
});

it('removes a rule that is over from the file', async () => {
  await fake.begin();
  await add({ source: '1.1.1.1', for: '1s' });
  vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 2000);
  try {
    expect(fake.kernel.verdict('1.1.1.1')).toBe('permit');
    expect(fake.service.snapshot({ enforcing: true, pinned: false }).rules).toEqual([]);
    fake.service.tick();
    await vi.waitFor(() => expect(fake.audit.at(-1)).toMatchObject({ what: 'expire', before: { rules: [{ id: 1 }] } }));
    expect(fake.saved.at(-1)?.rules).toEqual([]);
  } finally {
    vi.restoreAllMocks();
  }
});

it('compiles again when an interface has another name', async () => {
  await fake.begin();
  await add({ source: '1.1.1.1', interface: 'wan0' });
  expect(fake.kernel.verdict('1.1.1.1')).toBe('permit');
  fake.service.named([{ name: 'wan0', slot: 1 }]);
  await vi.waitFor(() => expect(fake.kernel.verdict('1.1.1.1')).toBe('deny 1'));
});
