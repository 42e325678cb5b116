import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { type HubState, openNatsState, StateConflict, StateError } from '@packetlog/hub';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
// biome-ignore lint/style/noRestrictedImports: the contract of all stores stands beside them
import { describeContract } from '../../packages/hub/test/support/state-contract.ts';
import { type NatsServer, startNatsServer } from '../lab/nats-server.ts';
import { until } from '../lab/until.ts';

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.close());

const newUrl = (nats = server) => `${nats.url}?bucket=${randomUUID()}`;

async function open(url: string): Promise<HubState> {
  const state = await openNatsState({ url });
  onTestFinished(() => state.close());
  return state;
}

describe('state in NATS JetStream', () => {
  describeContract(async () => {
    const url = newUrl();
    return { open: () => openNatsState({ url }) };
  });

  it('lets several hubs increase one number, and none of them loses an increase', async () => {
    const url = newUrl();
    const hubs = await Promise.all([open(url), open(url), open(url)]);
    const increase = async (hub: HubState): Promise<void> => {
      const stored = await hub.get('number');
      try {
        await hub.put('number', `${Number(stored?.value ?? 0) + 1}`, stored?.revision ?? 0);
      } catch (error) {
        if (!(error instanceof StateConflict)) throw error;
        await increase(hub);
      }
    };
    await Promise.all(
      hubs.map(async (hub) => {
        for (let times = 0; times < 30; times += 1) await increase(hub);
      }),
    );
    expect((await hubs[0]?.get('number'))?.value).toBe('90');
  });

  it('tells each hub what others change', async () => {
    const url = newUrl();
    const [one, other] = [await open(url), await open(url)];
    const changes: string[] = [];
    await other.watch('groups/', (key, stored) => changes.push(`${key} ${stored?.value}`));
    const revision = await one.put('groups/web', 'x', 0);
    await one.remove('groups/web', revision);
    await expect.poll(() => changes).toEqual(['groups/web x', 'groups/web undefined']);
  });

  it('connects again after a restart of the server, and misses no change', async () => {
    const nats = await startNatsServer();
    onTestFinished(() => nats.close());
    const url = newUrl(nats);
    const connections: boolean[] = [];
    const one = await openNatsState({ url, onConnection: (isBack) => connections.push(isBack) });
    onTestFinished(() => one.close());
    const changes: string[] = [];
    await one.watch('', (key, stored) => changes.push(`${key} ${stored?.value}`));
    const first = await one.put('before', '1', 0);
    const bytes = Buffer.alloc(3_000_000, 'blob');
    const digest = await one.putBlob(bytes);
    await expect.poll(() => changes).toEqual(['before 1']);

    await nats.stop('SIGKILL');
    await expect.poll(() => connections).toEqual([false]);
    await expect(one.get('before')).rejects.toThrow(/NATS does not answer. The hub connects again/);
    await nats.start();
    // Connects at once; `one` after a pause.
    const other = await open(url);
    await other.put('meanwhile', '2', 0);
    await until(() => connections.includes(true), { what: 'the connection to be back' });

    expect(await one.get('before')).toEqual({ value: '1', revision: first });
    expect(Buffer.compare((await one.getBlob(digest)) ?? Buffer.alloc(0), bytes)).toBe(0);
    await one.put('after', '3', 0);
    await expect.poll(() => changes, { timeout: 60_000 }).toEqual(['before 1', 'meanwhile 2', 'after 3']);
  });

  it('says what to do when it cannot be opened', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => closed.once('listening', resolve));
    const { port } = closed.address() as { port: number };
    await new Promise((resolve) => closed.close(resolve));
    const opening = openNatsState({ url: `nats://127.0.0.1:${port}` });
    await expect(opening).rejects.toThrow(StateError);
    await expect(opening).rejects.toThrow(/no NATS server can be reached. Start it, or check the address in --state./);

    const small = await startNatsServer('max_payload: 100KB');
    onTestFinished(() => small.close());
    await expect(openNatsState({ url: small.url })).rejects.toThrow(/at most 102400 bytes. Set max_payload/);

    const guarded = await startNatsServer('authorization { user: hub, password: secret }');
    onTestFinished(() => guarded.close());
    await expect(openNatsState({ url: guarded.url })).rejects.toThrow(/the server rejects the login. Check the user/);
    const withLogin = guarded.url.replace('//', '//hub:secret@');
    await (await open(withLogin)).put('a', 'x', 0);

    const copies = openNatsState({ url: `${newUrl()}&replicas=3` });
    await expect(copies).rejects.toThrow(/cannot keep this number of copies. Use a cluster/);
  });

  it('says so when JetStream is off', async () => {
    const plain = await startNatsServer('jetstream: false');
    onTestFinished(() => plain.close());
    await expect(openNatsState({ url: plain.url })).rejects.toThrow(/JetStream does not answer. Start nats-server/);
  });
});
