import { ruleDraftSchema } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeService, ROOT, rejection } from '../../../test/support/fake-kernel.ts';
import type { Desired } from '../ruleset/apply.ts';
import type { Ruleset } from '../ruleset/ruleset.ts';
import { TRIAL_MS } from '../safety/limit-trials.ts';
import { adding, addingMany, applying, editing, type LOADER, reloading } from './change.ts';

type Fake = ReturnType<typeof fakeService>;
let fake: Fake;
beforeEach(async () => {
  fake = fakeService();
  await fake.begin();
});
afterEach(() => fake.end());

const LIMIT = { action: 'limit', source: 'any', protocol: 'tcp', destination_port: 22, rate: '20/min' } as const;
const draft = (more: object = {}) => ruleDraftSchema.parse({ ...LIMIT, ...more });
const add = (more: object = {}, now?: boolean) => fake.service.ask(adding({ rule: draft(more), now }, ROOT));
const edit = (changes: object, now?: boolean) => fake.service.ask(editing({ id: 1, changes, now }, ROOT));
const enforced = () => fake.service.ruleset.rules.map(({ enforce }) => enforce === true);

/** The kernel counts what the only limit saw and what was over. */
function counted(packets: number, over: number): void {
  const [slot = 0, overSlot = 0] = fake.kernel.published.flatMap(({ fresh }) => fresh);
  const count = (of: number, packetsOf: number) => ({ slot: of, packets: packetsOf, bytes: 0, last_seen_ms: 1 });
  fake.service.counted([count(slot, packets), count(overSlot, over)]);
}

describe('a limit is not enforced before it was tried', () => {
  it('when it is added', async () => {
    expect(await rejection(add({ enforce: true }))).toMatchObject({
      code: 'untried',
      message: expect.stringMatching(/^No dry run has shown .* packetlog rules enforce ID\. .*--now\.$/),
    });
    const many = addingMany({ rules: [draft(), draft({ protocol: 'udp', enforce: true })] }, ROOT);
    expect(await rejection(fake.service.ask(many))).toMatchObject({ code: 'untried' });
    expect(fake.service.ruleset.rules).toEqual([]);
  });

  it('until it has observed for a minute', async () => {
    await add();
    counted(100, 20);
    fake.world.nowMs += TRIAL_MS - 5000;
    expect(await rejection(edit({ enforce: true }))).toMatchObject({
      code: 'untried',
      message: 'Rule 1 has observed for 55 s: wait 5 s, then: packetlog rules enforce 1. To enforce it without: --now.',
    });
    fake.world.nowMs += 5000;
    counted(1204, 311);
    const { pending } = await edit({ enforce: true });
    expect(pending?.why).toBe(
      'Rule 1 now denies what is over its limit: of 1,204 packets in 1 min, 311 (26 %) would have been over.',
    );
    expect(enforced()).toEqual([true]);
  });

  it('while it has seen no packet', async () => {
    await add();
    fake.world.nowMs += 10 * TRIAL_MS;
    const message = expect.stringContaining('Rule 1 has seen no packet since it observes');
    expect(await rejection(edit({ enforce: true }))).toMatchObject({ code: 'untried', message });
  });

  it('with other numbers than those that were tried', async () => {
    await add();
    counted(100, 0);
    fake.world.nowMs += TRIAL_MS;
    for (const changes of [{ rate: '10/min' }, { destination_port: 23 }, { per: 'rule' }, { source: '192.0.2.0/24' }])
      expect(await rejection(edit({ ...changes, enforce: true }))).toMatchObject({ code: 'untried' });
    await edit({ rate: '10/min' });
    expect(await rejection(edit({ enforce: true }))).toMatchObject({ code: 'untried' });
  });

  it('by a rules file that is applied, also to check it', async () => {
    const rules = [draft({ enforce: true })] as unknown as Desired['rules'];
    const desired: Desired = { defaultPolicy: 'permit', rules, sets: new Map(), protect: [] };
    const apply = (now?: boolean) => applying(desired, { now }, ROOT);
    expect(await rejection(fake.service.check(apply()))).toMatchObject({ code: 'untried' });
    expect(await rejection(fake.service.ask(apply()))).toMatchObject({ code: 'untried' });
    await fake.service.ask(apply(true));
    expect(enforced()).toEqual([true]);
  });
});

describe('an enforced limit needs no dry run', () => {
  it('with now: it reverts unless it is confirmed', async () => {
    const { pending } = await add({ enforce: true }, true);
    expect(pending?.why).toBe('Rule 1 now denies what is over its limit.');
  });

  it('that passes more than before', async () => {
    await add({ enforce: true }, true);
    await fake.service.confirm(ROOT);
    expect(await rejection(edit({ rate: '10/min' }))).toMatchObject({ code: 'untried' });
    await edit({ rate: '30/min' });
    expect(fake.service.ruleset.rules).toMatchObject([{ rate: '30/min', enforce: true }]);
  });

  it('that undo restores', async () => {
    await add({ enforce: true }, true);
    await fake.service.confirm(ROOT);
    await edit({ enforce: false });
    await fake.service.undo(ROOT);
    expect(enforced()).toEqual([true]);
  });

  it('of a rules file that is loaded: it waits for confirmation', async () => {
    const rule = { ...draft(), id: 1, enforce: true, created_by: 'file', created_at: '2030-01-01T00:00:00Z' };
    const loaded = { ...fake.service.ruleset, rules: [rule] } as Ruleset;
    const who: typeof LOADER = { name: 'file', via: 'file' };
    const { pending } = await fake.service.ask(reloading(loaded, 'SIGHUP', who));
    expect(pending?.why).toContain('Rule 1 now denies');
  });

  it('after a change of other rules, which do not restart its trial', async () => {
    await add();
    counted(10, 0);
    await fake.add({ source: '192.0.2.1' });
    fake.world.nowMs += TRIAL_MS;
    counted(20, 0);
    await edit({ enforce: true });
    expect(enforced()).toContain(true);
  });
});
