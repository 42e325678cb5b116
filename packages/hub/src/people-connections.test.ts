import type { Role } from '@packetlog/common/fleet';
import { IDLE_REPORT_MS, WATCHED_REPORT_MS } from '@packetlog/common/fleet';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HubFixture } from '../test/support/hub-fixture.ts';
import { TestNode, testReport } from '../test/support/test-node.ts';
import { TestPerson } from '../test/support/test-person.ts';

let fixture: HubFixture;
const ends: { close(): void }[] = [];

beforeEach(async () => {
  fixture = await HubFixture.start();
});

afterEach(async () => {
  for (const each of ends.splice(0)) each.close();
  await fixture.close();
});

async function come(name: string, role: Role = { kind: 'admin' }): Promise<TestPerson> {
  const person = new TestPerson(fixture.url, await fixture.hub.identity.people.add(name, role, 1));
  ends.push(person);
  await person.hello;
  return person;
}

async function join(name: string, group?: string): Promise<TestNode> {
  const node = new TestNode(fixture.url, name);
  ends.push(node);
  const result = await node.prove(await fixture.joinToken(1, group));
  if (!result.ok) throw new Error(result.error.message);
  return node;
}

const rejected = (code: string) => ({ ok: false, error: expect.objectContaining({ code }) });

describe('a person', () => {
  it('needs a token that the hub knows', async () => {
    const stranger = new TestPerson(fixture.url, 'wrong');
    ends.push(stranger);
    await expect(stranger.hello).rejects.toMatchObject({ data: { code: 'unauthorized' } });
    expect(fixture.lines).toMatchObject([{ message: 'wrong token' }]);
  });

  it('learns the hub and the own role', async () => {
    const ann = await come('ann', { kind: 'rules', groups: ['web'] });
    expect(await ann.hello).toMatchObject({
      hub: 'hub.test',
      version: '1.2.3',
      person: 'ann',
      role: { kind: 'rules', groups: ['web'] },
    });
  });

  it('gets all nodes, then those that changed', async () => {
    await join('web1');
    const web2 = await join('web2', 'web');
    const ann = await come('ann');
    await vi.waitFor(() => expect(ann.fleets).toHaveLength(1));
    expect(ann.fleets[0]?.is_full).toBe(true);
    expect(ann.fleets[0]?.nodes.map(({ name, group }) => [name, group])).toEqual([
      ['web1', 'default'],
      ['web2', 'web'],
    ]);
    web2.socket.emit('report', testReport({ packets: 7 }));
    await vi.waitFor(() => expect(ann.fleets).toHaveLength(2), 5000);
    expect(ann.fleets[1]).toMatchObject({ is_full: false, nodes: [{ name: 'web2', report: { packets: 7 } }] });
  });

  it('gets the groups, and again when their rules or their nodes change', async () => {
    await join('web1', 'web');
    const ann = await come('ann');
    await vi.waitFor(() =>
      expect(ann.groups.at(-1)).toEqual([
        { name: 'default', nodes: 0 },
        { name: 'web', nodes: 1 },
      ]),
    );
    const rules = { rules: [{ action: 'deny' as const, source: '192.0.2.1' }] };
    expect(await ann.ask('rules_apply', { group: 'web', expected: 0, rules })).toMatchObject({
      ok: true,
      value: { number: 1, rollout: { state: 'running', stage: 'one' } },
    });
    await vi.waitFor(
      () =>
        expect(ann.groups.at(-1)?.[1]).toMatchObject({
          generation: { number: 1, by: 'ann' },
          rollout: { wanted: 1, in_force: 0 },
        }),
      { timeout: 5000 },
    );
  });

  it('sees that a node was renamed or removed', async () => {
    await join('web1');
    const ann = await come('ann');
    await vi.waitFor(() => expect(ann.fleets).toHaveLength(1));
    expect(await ann.ask('rename', { node: 'web1', to: 'shop1' })).toEqual({ ok: true, value: { node: 'shop1' } });
    await vi.waitFor(() => expect(ann.fleets.length).toBeGreaterThan(1), 5000);
    expect(ann.fleets[1]).toMatchObject({ nodes: [{ name: 'shop1' }], removed: ['web1'] });
  });

  it('who was removed is disconnected, and not admitted again', async () => {
    const token = await fixture.hub.identity.people.add('ann', { kind: 'look' }, 1);
    const ann = new TestPerson(fixture.url, token);
    ends.push(ann);
    await ann.hello;
    const bob = await come('bob');
    await bob.ask('person_remove', { person: 'ann' });
    await ann.closed;
    const again = new TestPerson(fixture.url, token);
    ends.push(again);
    await expect(again.hello).rejects.toMatchObject({ data: { code: 'unauthorized' } });
  });
});

describe('nodes', () => {
  it('report fast while a person watches', async () => {
    const node = await join('web1');
    const rhythms: number[] = [];
    node.socket.on('rhythm', ({ report_ms }) => rhythms.push(report_ms));
    const ann = await come('ann');
    await vi.waitFor(() => expect(rhythms).toEqual([WATCHED_REPORT_MS]));
    ann.close();
    expect(IDLE_REPORT_MS).toBeGreaterThan(WATCHED_REPORT_MS);
  });
});

describe('roles', () => {
  it('look: sees, and cannot change', async () => {
    await join('web1');
    const ann = await come('ann', { kind: 'look' });
    expect(await ann.ask('nodes', {})).toMatchObject({ ok: true, value: { nodes: [{ name: 'web1' }] } });
    const requests = [
      ann.ask('revoke', { node: 'web1' }),
      ann.ask('rename', { node: 'web1', to: 'web2' }),
      ann.ask('move', { node: 'web1', group: 'web' }),
      ann.ask('join_token', { for_s: 60, uses: 1 }),
      ann.ask('person_add', { person: 'eve', role: { kind: 'admin' } }),
      ann.ask('rules_apply', { group: 'web', expected: 0, rules: {} }),
      ann.ask('repair', { node: 'web1' }),
      ann.ask('people', {}),
    ];
    for (const answer of await Promise.all(requests)) expect(answer).toEqual(rejected('forbidden'));
    expect(fixture.hub.identity.register.get('web1')).toBeDefined();
    expect(fixture.hub.identity.people.list()).toHaveLength(1);
  });

  it('rules: changes rules of the own groups only', async () => {
    await join('web1', 'web');
    await join('db1', 'db');
    const ann = await come('ann', { kind: 'rules', groups: ['web'] });
    expect(await ann.ask('rules_apply', { group: 'db', expected: 0, rules: {} })).toEqual(rejected('forbidden'));
    expect(await ann.ask('repair', { node: 'db1' })).toEqual(rejected('forbidden'));
    expect(await ann.ask('rules_apply', { group: 'web', expected: 0, rules: {} })).not.toEqual(rejected('forbidden'));
    expect(await ann.ask('revoke', { node: 'web1' })).toEqual(rejected('forbidden'));
  });

  it('malformed requests are rejected with the field', async () => {
    const ann = await come('ann');
    expect(await ann.ask('rename', { node: 'web1', to: '../x' })).toMatchObject({
      ok: false,
      error: { code: 'invalid', field: 'to' },
    });
    expect(await ann.ask('rename', { node: 'web1', to: 'web2' })).toEqual(rejected('not_found'));
  });
});

describe('the audit trail', () => {
  it('says who did what, from where, and what was rejected', async () => {
    await join('web1');
    const ann = await come('ann');
    const eve = await come('eve', { kind: 'look' });
    await ann.ask('move', { node: 'web1', group: 'web' });
    await eve.ask('revoke', { node: 'web1' });
    const trail = await ann.ask('audit', { limit: 2 });
    if (!trail.ok) throw new Error(trail.error.message);
    expect(trail.value.entries).toMatchObject([
      { person: 'eve', what: 'revoke', target: 'web1', rejected: expect.stringContaining('admin') },
      { person: 'ann', what: 'move', target: 'web1 to web', address: expect.stringContaining('127.0.0.1') },
    ]);
    expect(trail.value.entries[1]).not.toHaveProperty('rejected');
  });

  it('is not filled up by one person whose requests are rejected', async () => {
    const eve = await come('eve', { kind: 'look' });
    for (let i = 0; i < 30; i++) await eve.ask('revoke', { node: 'web1' });
    const entries = await fixture.hub.identity.audit.newest(100);
    expect(entries).toHaveLength(10);
  });

  it('keeps the newest entries in bounded chunks', async () => {
    const { audit } = fixture.hub.identity;
    for (let i = 0; i < 250; i++) await audit.add({ at_ms: i, person: 'ann', what: 'move', target: `web${i}` });
    expect((await audit.newest(120)).map(({ at_ms }) => at_ms)).toEqual(Array.from({ length: 120 }, (_, i) => 249 - i));
    expect((await fixture.state.list('audit/')).size).toBe(3);
  });
});

describe('the state', () => {
  it('has no token of a person or of nodes', async () => {
    const joinToken = await fixture.joinToken();
    const token = await fixture.hub.identity.people.add('ann', { kind: 'look' }, 1);
    const stored = JSON.stringify([...(await fixture.state.list(''))]);
    expect(stored).toContain('people/ann');
    expect(stored).not.toContain(token);
    expect(stored).not.toContain(joinToken.split('.')[2]);
  });
});
