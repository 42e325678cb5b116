import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeService, ROOT, rejection } from '../../../test/support/fake-kernel.ts';
import { editing, removing } from './change.ts';

type Fake = ReturnType<typeof fakeService>;
let fake: Fake;
beforeEach(() => {
  fake = fakeService();
});
afterEach(() => fake.end());

const add: Fake['add'] = (...draft) => fake.add(...draft);

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

  it('assigns ids that were never given before', async () => {
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

  it('that is invalid does not affect those that come at the same time', async () => {
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

  it('does not get what the rule before it counted with the same counter', async () => {
    fake.end();
    // One counter: slot 0 belongs to no rule.
    fake = fakeService({ counterSlots: 2 });
    await fake.begin();
    await add({ source: '1.1.1.1' });
    await fake.service.ask(removing({ ids: [1] }, ROOT));
    // A report from before the counter is zeroed, which arrives while the kernel is asked.
    const publish = fake.kernel.publish.bind(fake.kernel);
    fake.kernel.publish = async (...published) => {
      fake.service.counted([{ slot: 1, packets: 7, bytes: 700, last_seen_ms: 1 }]);
      await publish(...published);
    };
    await add({ source: '1.1.1.2' });
    const { rules } = fake.service.snapshot({ enforcing: true, pinned: false });
    expect(rules).toMatchObject([{ id: 2, packets: 0, bytes: 0 }]);
    expect(fake.service.counted([{ slot: 1, packets: 2, bytes: 200, last_seen_ms: 2 }]).hits).toEqual([
      { rule_id: 2, packets: 2, bytes: 200 },
    ]);
  });

  it('that cannot be written is not made', async () => {
    await fake.begin();
    fake.world.saveFault = new Error('ENOSPC: no space left on device');
    expect(await rejection(add({ source: '1.1.1.1' }))).toMatchObject({
      code: 'internal',
      message: expect.stringMatching(/ENOSPC/),
    });
    expect(fake.kernel.verdict('1.1.1.1')).toBe('permit');
  });

  it('that cannot replace the file on the disk is not in force either', async () => {
    await fake.begin();
    await add({ source: '1.1.1.1' });
    fake.world.commitFault = new Error('EIO: i/o error');
    expect(await rejection(add({ source: '1.1.1.2' }))).toMatchObject({
      code: 'internal',
      message: expect.stringMatching(/EIO/),
    });
    expect([fake.kernel.verdict('1.1.1.1'), fake.kernel.verdict('1.1.1.2')]).toEqual(['deny 1', 'permit']);
  });

  it('that the kernel rejects is not in the file either', async () => {
    await fake.begin();
    await add({ source: '1.1.1.1' });
    fake.kernel.faults = [new Error('out of memory.')];
    expect(await rejection(add({ source: '1.1.1.2' }))).toMatchObject({
      code: 'internal',
      message: expect.stringMatching(/out of memory/),
    });
    expect(fake.saved.at(-1)?.rules.map(({ source }) => source)).toEqual(['1.1.1.1']);
  });

  it('beyond the limits of the tables is rejected, and earlier rules stay', async () => {
    fake = fakeService({ counterSlots: 3 });
    await fake.begin();
    await add({ source: '1.1.1.1' });
    await add({ source: '1.1.1.2' });
    expect(await rejection(add({ source: '1.1.1.3' }))).toMatchObject({ code: 'limit', limit: 2 });
    expect(fake.kernel.verdict('1.1.1.2')).toBe('deny 2');
  });

  it.each([
    ['a rule that is not there', () => fake.service.ask(removing({ ids: [9] }, ROOT)), 'not_found'],
    ['a set that is not there', () => add({ source: 'set:none' }), 'invalid'],
    ['an end that has passed', () => add({ source: '1.1.1.1', expires_at: '2020-01-01T00:00:00Z' }), 'invalid'],
  ])('about %s is rejected with the reason', async (_, change, code) => {
    await fake.begin();
    expect(await rejection(change())).toMatchObject({ code });
    expect(fake.saved).toEqual([]);
  });
});

it('removes an expired rule from the file', async () => {
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

it('compiles again when an interface is renamed', async () => {
  await fake.begin();
  await add({ source: '1.1.1.1', interface: 'wan0' });
  expect(fake.kernel.verdict('1.1.1.1')).toBe('permit');
  fake.service.named([{ name: 'wan0', slot: 1 }]);
  await vi.waitFor(() => expect(fake.kernel.verdict('1.1.1.1')).toBe('deny 1'));
});
