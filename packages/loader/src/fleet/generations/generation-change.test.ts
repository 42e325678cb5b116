import { ruleDraftSchema, rulesFileSchema } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeService, ROOT, rejection } from '../../../test/support/fake-kernel.ts';
import { applying, choosingPolicy, importing, removing } from '../../rules/engine/change.ts';
import { parseAddressList } from '../../rules/lists/parse-address-list.ts';
import type { NamedSet } from '../../rules/ruleset/ruleset.ts';
import { applyingGeneration, type DesiredGeneration } from './generation-change.ts';

type Fake = ReturnType<typeof fakeService>;
let fake: Fake;
beforeEach(async () => {
  fake = fakeService();
  await fake.begin();
});
afterEach(() => fake.end());

const HUB = { name: 'ann via hub', via: 'socket' } as const;
const NOTHING = { defaultPolicy: 'permit', rules: [], sets: new Map(), protect: [] } as const;

function set(name: string, text: string): NamedSet {
  const bytes = Buffer.from(text);
  return { name, origin: { kind: 'copy' }, list: parseAddressList(bytes).list, text: bytes, loadedAtMs: 0 };
}

function generation(number: number, rules: object[], rest: Partial<DesiredGeneration> = {}) {
  const file = rulesFileSchema.parse({ version: 1, rules: rules.map((rule) => ({ group: 'web', ...rule })) });
  return { group: 'web', number, defaultPolicy: undefined, rules: file.rules, sets: new Map(), ...rest };
}
const apply = (desired: DesiredGeneration, force = false) =>
  fake.service.ask(applyingGeneration(desired, { why: 'scanners', force }, HUB));
const rules = () => fake.service.ruleset.rules.map(({ id, source, group }) => `${id} ${source} ${group ?? '-'}`);

const DENY = (source: string) => ({ action: 'deny', source });

describe('a generation of the fleet', () => {
  it('replaces the rules of the fleet, keeps those of the node, and the ids of rules that stay', async () => {
    await fake.add({ source: '1.1.1.1' });
    await apply(generation(1, [DENY('2.2.2.2'), DENY('3.3.3.3')]));
    expect(rules()).toEqual(['1 1.1.1.1 -', '2 2.2.2.2 web', '3 3.3.3.3 web']);
    await apply(generation(2, [DENY('4.4.4.4'), DENY('3.3.3.3')]));
    expect(rules()).toEqual(['1 1.1.1.1 -', '3 3.3.3.3 web', '4 4.4.4.4 web']);
    expect(fake.kernel.verdict('2.2.2.2')).toBe('permit');
    expect(fake.kernel.verdict('4.4.4.4')).toBe('deny 4');
    expect(fake.saved.at(-1)?.rules).toHaveLength(3);
    expect(fake.audit.at(-1)).toMatchObject({
      what: 'apply',
      who: HUB,
      why: 'generation 2 of web: scanners',
      before: { rules: [{ id: 2, group: 'web' }] },
      after: { rules: [{ id: 4, group: 'web' }] },
    });
  });

  it('changes nothing if it is in force', async () => {
    await apply(generation(1, [DENY('2.2.2.2')]));
    const { revision } = fake.service;
    await apply(generation(2, [DENY('2.2.2.2')]));
    expect(fake.service.revision).toBe(revision);
  });

  it('takes over the rules of the group in which the node was before', async () => {
    await apply(generation(1, [DENY('2.2.2.2')]));
    await apply({ ...generation(1, [{ ...DENY('2.2.2.2'), group: 'db' }]), group: 'db' });
    expect(rules()).toEqual(['1 2.2.2.2 db']);
  });

  it('brings its own sets, which nothing of the node can use or replace', async () => {
    const sets = new Map([['fleet.bad', set('fleet.bad', '2.2.2.0/24')]]);
    await apply(generation(1, [DENY('set:fleet.bad')], { sets }));
    expect(fake.kernel.verdict('2.2.2.9')).toBe('deny 1');
    expect(await rejection(fake.add({ source: 'set:fleet.bad' }))).toMatchObject({
      code: 'invalid',
      field: 'rule.source',
      message: expect.stringContaining('Choose another name'),
    });
    const request = { action: 'deny', reason: '' } as const;
    const own = importing(request, set('fleet.bad', '9.9.9.9'), ROOT);
    expect(await rejection(fake.service.ask(own))).toMatchObject({ code: 'invalid', field: 'set' });
    await apply(generation(2, [DENY('3.3.3.3')]));
    expect([...fake.service.ruleset.sets.keys()]).toEqual([]);
  });

  it('sets the default policy while it says so, and the node keeps its own', async () => {
    const open = { default_policy: 'permit' as const };
    await apply(generation(1, [], { defaultPolicy: 'deny' }), true);
    await fake.service.confirm(ROOT);
    expect(fake.service.ruleset).toMatchObject({ defaultPolicy: 'deny', ownPolicy: 'permit' });
    await fake.service.ask(applying({ ...NOTHING }, {}, ROOT));
    expect(fake.service.ruleset).toMatchObject({ defaultPolicy: 'deny', ownPolicy: 'permit' });
    await apply(generation(2, []));
    expect(fake.service.ruleset.defaultPolicy).toBe('permit');
    expect(fake.service.ruleset).not.toHaveProperty('ownPolicy');
    await apply(generation(3, [], { defaultPolicy: 'permit' }));
    await fake.service.ask(choosingPolicy({ ...open, default_policy: 'deny', force: true }, ROOT));
    expect(fake.service.ruleset).toMatchObject({ defaultPolicy: 'deny', ownPolicy: 'deny' });
  });

  it('passes the lockout guard, unless it is forced', async () => {
    fake.world.protected = [{ kind: 'ssh_peer', address: '2.2.2.2', ports: [22] }];
    expect(await rejection(apply(generation(1, [DENY('2.2.2.2')])))).toMatchObject({ code: 'lockout' });
    expect(fake.service.ruleset.rules).toEqual([]);
    await apply(generation(1, [DENY('2.2.2.2')]), true);
    expect(fake.kernel.verdict('2.2.2.2', 22)).toBe('deny 1');
  });

  it('waits for a confirmation if it is risky, and names itself', async () => {
    const done = await apply(generation(7, [{ ...DENY('any'), protocol: 'tcp', destination_port: 23 }]));
    expect(done.pending).toMatchObject({ why: expect.stringContaining('denies any source') });
    expect(fake.service.pendingGeneration).toEqual({ group: 'web', number: 7, isAlone: true });
    await fake.add({ source: 'any', protocol: 'tcp', destination_port: 24 });
    expect(fake.service.pendingGeneration).toMatchObject({ isAlone: false });
    await fake.service.revert(ROOT);
    expect(fake.service.pendingGeneration).toBeUndefined();
    expect(rules()).toEqual([]);
  });
});

describe('rules of a generation and changes on the node', () => {
  beforeEach(() => apply(generation(1, [DENY('2.2.2.2')])));

  it('a document neither changes nor removes them', async () => {
    const desired = { ...NOTHING, rules: rulesFileSchema.parse({ version: 1, rules: [DENY('2.2.2.2')] }).rules };
    const { value } = await fake.service.ask(applying(desired, {}, ROOT));
    expect(value.diff).toMatchObject({ added: [{ id: 2 }], removed: [], changed: [] });
    await fake.service.ask(applying(NOTHING, {}, ROOT));
    expect(rules()).toEqual(['1 2.2.2.2 web']);
  });

  it('an equal rule of the node is another rule', async () => {
    await fake.add({ source: '2.2.2.2' });
    expect(rules()).toEqual(['1 2.2.2.2 web', '2 2.2.2.2 -']);
    await apply(generation(2, []));
    expect(fake.kernel.verdict('2.2.2.2')).toBe('deny 2');
  });

  it('a request cannot give a rule a group', () => {
    expect(ruleDraftSchema.safeParse({ ...DENY('1.1.1.1'), group: 'web' }).success).toBe(false);
  });

  it('can be removed by their group, and then the node’s own default policy counts again', async () => {
    await fake.add({ source: '1.1.1.1' });
    await apply(generation(2, [DENY('2.2.2.2')], { defaultPolicy: 'deny' }), true);
    await fake.service.confirm(ROOT);
    expect(fake.kernel.verdict('9.9.9.9')).toBe('deny');
    await fake.service.ask(removing({ matching: [{ group: 'web' }] }, ROOT));
    expect(rules()).toEqual(['2 1.1.1.1 -']);
    expect(fake.kernel.verdict('9.9.9.9')).toBe('permit');
    const again = removing({ matching: [{ group: 'web' }] }, ROOT);
    expect(await rejection(fake.service.ask(again))).toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('no rule with group web'),
    });
  });
});

describe('undo beside a generation', () => {
  it('never takes the generation away: it is no step', async () => {
    await apply(generation(1, [DENY('2.2.2.2')]));
    expect(await rejection(fake.service.undo(ROOT))).toMatchObject({ code: 'not_found' });
    await fake.add({ source: '1.1.1.1' });
    await apply(generation(2, [DENY('3.3.3.3')]));
    expect((await fake.service.undo(ROOT)).value.undone).toBe('deny 1.1.1.1');
    expect(rules()).toEqual(['3 3.3.3.3 web']);
    await fake.service.redo(ROOT);
    expect(rules()).toEqual(['2 1.1.1.1 -', '3 3.3.3.3 web']);
  });

  it('brings back a rule of the generation that was removed on the node', async () => {
    await apply(generation(1, [DENY('2.2.2.2')]));
    await fake.service.ask(removing({ ids: [1] }, ROOT));
    await fake.service.undo(ROOT);
    expect(rules()).toEqual(['1 2.2.2.2 web']);
  });

  it('keeps a risky generation that was confirmed, and undoes what was pending with it', async () => {
    const risky = { ...DENY('any'), protocol: 'tcp', destination_port: 23 };
    await apply(generation(1, [risky]));
    await fake.service.confirm(ROOT);
    expect(await rejection(fake.service.undo(ROOT))).toMatchObject({ code: 'not_found' });
    await apply(generation(2, [risky, { ...risky, destination_port: 25 }]));
    await fake.add({ source: 'any', protocol: 'tcp', destination_port: 24 });
    await fake.service.confirm(ROOT);
    expect(rules()).toEqual(['1 any web', '2 any web', '3 any -']);
    await fake.service.undo(ROOT);
    expect(rules()).toEqual(['1 any web', '2 any web']);
  });
});
