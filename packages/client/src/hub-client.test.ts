import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type FakeHub, HELLO, nodeOf, startFakeHub } from '../test/support/fake-hub.ts';
import { loaderHello, startFakeLoader, TOKEN } from '../test/support/fake-loader.ts';
import { connect, connectHub, type HubClient, PacketLogError } from './index.ts';

let hub: FakeHub;
const clients: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  hub = await startFakeHub({ nodes: ['web1'] });
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await hub.close();
});

async function client(options: { timeoutMs?: number } = {}): Promise<HubClient> {
  const made = await connectHub(hub.url, { token: TOKEN, ...options });
  clients.push(made);
  return made;
}

/** Returns the error of a promise that must fail. */
async function failure(promise: Promise<unknown>): Promise<PacketLogError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof PacketLogError) return error;
  throw new Error(`no PacketLogError but ${String(error)}`);
}

describe('a connection', () => {
  test('knows the person, and whether the hub keeps history', async () => {
    expect((await client()).hello).toEqual(HELLO);
  });

  test('as to a loader fails with the addresses of its nodes', async () => {
    const error = await failure(connect(hub.url, { token: TOKEN }));
    expect(error.code).toBe('protocol_mismatch');
    expect(error.message).toContain(`${hub.url} is a hub, not a loader.`);
    expect(error.message).toContain(`${hub.url}/nodes/NAME/`);
    expect(error.message).toContain('connectHub()');
  });

  test('as to a hub fails at a loader', async () => {
    const loader = await startFakeLoader();
    const error = await failure(connectHub(loader.url, { token: TOKEN }));
    await loader.close();
    expect(error.code).toBe('protocol_mismatch');
    expect(error.message).toContain('is a loader, not a hub. Connect to it with connect().');
  });

  test('with another token is rejected', async () => {
    expect(await failure(connectHub(hub.url, { token: 'x' }))).toMatchObject({
      code: 'unauthorized',
      message: 'Wrong token.',
    });
  });

  test('to a hub that does not answer ends after the timeout', async () => {
    const { url } = hub;
    await hub.close();
    const error = await failure(connectHub(url, { token: TOKEN, timeoutMs: 100 }));
    expect(error.code).toBe('unreachable');
    expect(error.message).toContain(`No hub answered at ${url} within 100 ms.`);
  });

  test('that broke is made again, and one that is rejected then ends the client', async () => {
    const fleet = await client();
    const port = Number(new URL(hub.url).port);
    await hub.close();
    await vi.waitFor(() => expect(fleet.connected).toBe(false));
    hub = await startFakeHub({ port });
    hub.rejection = { code: 'unauthorized', message: 'The person anna was removed.' };
    expect(await failure(fleet.groups())).toMatchObject({ message: 'The person anna was removed.' });
    expect((await failure(fleet.groups())).code).toBe('unauthorized');
  });

  test('that is closed rejects requests', async () => {
    const fleet = await client();
    await fleet.close();
    expect((await failure(fleet.nodes())).code).toBe('closed');
  });
});

describe('the fleet', () => {
  test('is there at once, and follows the changes', async () => {
    const { fleet } = await client();
    await vi.waitFor(() => expect(fleet.groups).toEqual([{ name: 'default', nodes: 2 }]));
    expect([...fleet.nodes.keys()]).toEqual(['web1', 'web2']);
    const [changed, regrouped] = [vi.fn(), vi.fn()];
    const endings = [fleet.onChange(changed), fleet.onGroups(regrouped)];
    const change = { at_ms: 2_000, is_full: false, nodes: [nodeOf('web1', 99), nodeOf('web3')], removed: ['web2'] };
    hub.server.emit('fleet', { ...change, nodes: [{ name: 'NOT A NAME' }] });
    hub.server.emit('groups', { groups: [{}] });
    hub.server.emit('fleet', change);
    hub.server.emit('groups', { groups: [] });
    await vi.waitFor(() => expect(regrouped).toHaveBeenCalledWith([]));
    expect(changed.mock.calls).toEqual([[change]]);
    expect([...fleet.nodes.keys()]).toEqual(['web1', 'web3']);
    expect(fleet.nodes.get('web1')?.report?.packets).toBe(99);
    for (const end of endings) end();
    hub.server.emit('fleet', { at_ms: 3_000, is_full: true, nodes: [], removed: [] });
    await vi.waitFor(() => expect(fleet.nodes.size).toBe(0));
    expect([changed, regrouped].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
  });

  test('has nodes that are used like a loader, through their paths', async () => {
    const node = hub.nodes.get('web1');
    const asked = vi.fn();
    node?.on('connection', (socket) => {
      socket.emit('hello', { ...loaderHello(), node: 'web1' });
      socket.on('rules:list', (_, acknowledge: (answer: unknown) => void) => {
        asked(socket.handshake.auth['token']);
        acknowledge({ ok: true, value: { revision: 7 } });
      });
    });
    const web1 = await (await client()).node('web1');
    expect(web1.hello.node).toBe('web1');
    expect(await web1.rules()).toEqual({ revision: 7 });
    expect(asked.mock.calls).toEqual([[TOKEN]]);
    // The same without a client of the hub, by the node's address, with and without its last slash.
    for (const path of ['/nodes/web1', '/nodes/web1/']) {
      const direct = await connect(`${hub.url}${path}`, { token: TOKEN });
      clients.push(direct);
      expect(direct.hello.node).toBe('web1');
    }
  });
});

describe('requests', () => {
  const rules = { rules: [], lists: {} };
  const rollout = { number: 3, state: 'running', stage: 'one' };
  const cases: [string, (hub: HubClient) => Promise<unknown>, object, object, unknown][] = [
    ['nodes', (hub) => hub.nodes(), {}, { at_ms: 5, is_full: true, nodes: [], removed: [] }, { at_ms: 5, nodes: [] }],
    ['groups', (hub) => hub.groups(), {}, { groups: [] }, []],
    ['rename', (hub) => hub.rename('a', 'b'), { node: 'a', to: 'b' }, { node: 'b' }, undefined],
    ['revoke', (hub) => hub.revoke('a'), { node: 'a' }, { node: 'a' }, undefined],
    ['move', (hub) => hub.move('a', 'web'), { node: 'a', group: 'web' }, { node: 'a', group: 'web' }, undefined],
    ['group_add', (hub) => hub.addGroup('web'), { group: 'web' }, { group: 'web' }, undefined],
    ['group_remove', (hub) => hub.removeGroup('web'), { group: 'web' }, { group: 'web' }, undefined],
    ['rules', (hub) => hub.rules('web'), { group: 'web' }, { number: 0, rules }, { number: 0, rules }],
    [
      'rules_apply',
      (hub) => hub.rulesApply({ group: 'web', expected: 2, rules }),
      { group: 'web', expected: 2, rules },
      { number: 3, hash: 'h', rollout },
      { number: 3, hash: 'h', rollout },
    ],
    ['rollout', (hub) => hub.rollout('web', 'stop'), { group: 'web', action: 'stop' }, { rollout }, rollout],
    ['repair', (hub) => hub.repair('a'), { node: 'a' }, { node: 'a' }, undefined],
    [
      'dry_run',
      (hub) => hub.dryRun({ from_ms: 1, to_ms: 2 }, { group: 'web' }),
      { request: { from_ms: 1, to_ms: 2 }, group: 'web' },
      { asked: 2, answered: 1 },
      { asked: 2, answered: 1 },
    ],
    ['join_token', (hub) => hub.joinToken({ for_s: 60, uses: 1 }), { for_s: 60, uses: 1 }, { id: 'i' }, { id: 'i' }],
    ['join_tokens', (hub) => hub.joinTokens(), {}, { tokens: [] }, []],
    ['join_token_revoke', (hub) => hub.revokeJoinToken('i'), { id: 'i' }, { id: 'i' }, undefined],
    ['people', (hub) => hub.people(), {}, { people: [] }, []],
    [
      'person_add',
      (hub) => hub.addPerson('bo', { kind: 'look' }),
      { person: 'bo', role: { kind: 'look' } },
      { person: 'bo', token: 't' },
      't',
    ],
    ['person_remove', (hub) => hub.removePerson('bo'), { person: 'bo' }, { person: 'bo' }, undefined],
    ['audit', (hub) => hub.audit({ limit: 5 }), { limit: 5 }, { entries: [] }, []],
  ];

  test.each(cases)('fleet:%s is sent with its values, and answered', async (verb, ask, request, value, result) => {
    hub.answer = () => ({ ok: true, value });
    expect(await ask(await client())).toEqual(result);
    expect(hub.asked).toEqual([[`fleet:${verb}`, request]]);
  });

  test('that the hub rejects fail with its code and field', async () => {
    hub.answer = () => ({ ok: false, error: { code: 'conflict', message: 'Generation 4 came first.' } });
    const fleet = await client();
    expect(await failure(fleet.rulesApply({ group: 'web', expected: 3, rules }))).toMatchObject({
      code: 'conflict',
      message: 'Generation 4 came first.',
    });
    hub.answer = () => ({ ok: false, error: 'no' });
    expect(await failure(fleet.people())).toMatchObject({
      code: 'internal',
      message: expect.stringMatching(/^The hub/),
    });
  });

  test('without an answer fail with the next step', async () => {
    hub.answer = undefined;
    const fleet = await client({ timeoutMs: 100 });
    const error = await failure(fleet.revoke('a'));
    expect(error.code).toBe('unanswered');
    expect(error.message).toContain('Check audit() before you retry');
    expect((await failure(fleet.groups())).message).toContain('Ask again.');
  });
});
