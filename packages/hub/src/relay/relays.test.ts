import { request } from 'node:http';
import { PacketLogBatch } from '@packetlog/common';
import { grantSchema, type HubLedger, nodePath, parseGrant, type Role, type Signed } from '@packetlog/common/fleet';
import { io, type Socket } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HubFixture } from '../../test/support/hub-fixture.ts';
import { batchesOf, type RelayedNode, relayedNode } from '../../test/support/relayed-node.ts';
import { readStatement } from '../identity/signing.ts';

const WAIT = { timeout: 20_000, interval: 10 };
let fixture: HubFixture;
let web1: RelayedNode;
const clients: Socket[] = [];

beforeEach(async () => {
  fixture = await HubFixture.start();
  web1 = await relayedNode(fixture, 'web1', (socket) => socket.emit('hello', { node: 'web1' }), 'web');
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await web1.close();
  await fixture.close();
});

async function personOf(name: string, role: Role): Promise<string> {
  return await fixture.hub.identity.people.add(name, role, 1);
}

function client(token: string, node = 'web1'): Socket {
  const socket = io(fixture.url, {
    path: `${nodePath(node)}socket.io/`,
    transports: ['websocket'],
    auth: { token, protocol: 2 },
    forceNew: true,
    reconnectionDelay: 10,
    reconnectionDelayMax: 20,
  });
  clients.push(socket);
  return socket;
}

/** Resolves with the rejection, or `hello`. */
function outcome(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => {
    socket.once('hello', resolve);
    socket.once('connect_error', (error: Error & { data?: unknown }) => resolve(error.data ?? error.message));
  });
}

async function look(): Promise<{ socket: Socket; node: NonNullable<RelayedNode['sockets'][number]> }> {
  const socket = client(await personOf('ann', { kind: 'look' }));
  await outcome(socket);
  const node = web1.sockets[0];
  if (node === undefined) throw new Error('no relay');
  return { socket, node };
}

function grantOf(token: unknown) {
  const publicKey = fixture.hub.identity.key.publicKey;
  return readStatement('grant', parseGrant(String(token)) as Signed, publicKey, grantSchema);
}

describe('a person who uses a node through the hub', () => {
  it('gets what the node sends from its first event on, and answers to requests', async () => {
    web1.sockets.length = 0;
    const { socket, node } = await look();
    node.on('rules:list', (request, acknowledge) => acknowledge({ ok: true, value: request }));
    expect(await socket.emitWithAck('rules:list', { a: 1 })).toEqual({ ok: true, value: { a: 1 } });
    const received = new Promise((resolve) => socket.once('rules', resolve));
    node.emit('rules', { revision: 5 });
    expect(await received).toEqual({ revision: 5 });
  });

  it.each<[Role, boolean]>([
    [{ kind: 'look' }, false],
    [{ kind: 'rules', groups: ['db'] }, false],
    [{ kind: 'rules', groups: ['db', 'web'] }, true],
    [{ kind: 'admin' }, true],
  ])('with the role %j has a grant for this node alone: changes %s', async (role, mayChange) => {
    const socket = client(await personOf('ann', role));
    expect(await outcome(socket)).toEqual({ node: 'web1' });
    const { token, admin_token, protocol } = web1.sockets[0]?.handshake.auth ?? {};
    expect(grantOf(token)).toMatchObject({ node: 'web1', person: 'ann', may_change: mayChange });
    expect(admin_token).toBe(mayChange ? token : undefined);
    expect(protocol).toBe(2);
  });

  it('is rejected with a wrong token, before the node hears of it', async () => {
    expect(await outcome(client('wrong'))).toMatchObject({ code: 'unauthorized' });
    expect(web1.sockets).toEqual([]);
    expect(fixture.lines.map(({ message }) => message)).toContain('wrong token');
  });

  it('is told when the node is not there, or does not dial', async () => {
    const token = await personOf('ann', { kind: 'look' });
    expect(await outcome(client(token, 'web2'))).toMatchObject({
      ...{ code: 'unavailable', retry_after_ms: 2000 },
      message: expect.stringContaining('The hub does not hear web2 now.'),
    });
  });

  it('gets the rejection of the node', async () => {
    const token = await personOf('ann', { kind: 'look' });
    web1.rejection = { code: 'too_many_clients', message: 'Full.' };
    expect(await outcome(client(token))).toEqual(web1.rejection);
    web1.rejection = { code: 'unauthorized', message: 'Open the URL that packetlog prints.' };
    expect(await outcome(client(token))).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('does not accept the grant'),
    });
  });

  it('loses the connection with a reason when the node goes, and comes back when the node does', async () => {
    const { socket } = await look();
    const notices: unknown[] = [];
    socket.on('notice', (notice) => notices.push(notice));
    const gone = new Promise((resolve) => socket.once('disconnect', resolve));
    web1.node.close();
    expect(await gone).toBe('transport close');
    expect(notices).toMatchObject([{ code: 'relay_ended', message: expect.stringContaining('web1') }]);
    const rejected = new Promise<{ data?: unknown }>((resolve) => socket.once('connect_error', resolve));
    expect((await rejected).data).toMatchObject({ code: 'unavailable', retry_after_ms: 2000 });
  });

  it('loses the connection when the relay breaks, and gets another by itself', async () => {
    const { socket, node } = await look();
    const again = outcome(socket);
    node.conn.close();
    expect(await again).toEqual({ node: 'web1' });
    expect(web1.sockets).toHaveLength(2);
  });

  it('loses the connection, and the relay with it, when removed', async () => {
    const { socket, node } = await look();
    const gone = new Promise((resolve) => node.once('disconnect', resolve));
    const rejected = new Promise<{ data?: unknown }>((resolve) => socket.once('connect_error', resolve));
    await fixture.hub.identity.people.remove('ann');
    await gone;
    expect((await rejected).data).toMatchObject({ code: 'unauthorized' });
  });

  it('ends the relay by leaving', async () => {
    const { socket, node } = await look();
    const gone = new Promise((resolve) => node.once('disconnect', resolve));
    socket.disconnect();
    await gone;
    await vi.waitFor(() => expect(fixture.hub.relays.count).toBe(0), WAIT);
  });

  it('gets an answer to each request, also to those beyond the limit', async () => {
    const { socket, node } = await look();
    const held: ((answer: unknown) => void)[] = [];
    node.on('history', (_, acknowledge) => held.push(acknowledge));
    const answers = Array.from({ length: 300 }, () => socket.emitWithAck('history', {}));
    expect(await Promise.race(answers)).toMatchObject({ ok: false, error: { code: 'unavailable' } });
    await vi.waitFor(() => expect(held).toHaveLength(256), WAIT);
    for (const answer of held) answer({ ok: true });
    expect((await Promise.all(answers)).filter(({ ok }) => ok)).toHaveLength(256);
  });
});

describe('rows of a relay', () => {
  it('arrive byte for byte, and the ledger has the hop of the hub', async () => {
    const { socket, node } = await look();
    const next = batchesOf();
    const sent = [next(2), next(0), next(3)];
    const got: Buffer[] = [];
    socket.on('packets', (bytes: Buffer) => got.push(bytes));
    for (const batch of sent) node.emit('packets', Buffer.from(batch));
    node.emit('ledger', { client: { offered: 5 } });
    const ledger = await new Promise((resolve) => socket.once('ledger', resolve));
    expect(ledger).toEqual({ client: { offered: 5 }, hub: { received: 5, sent: 5, withheld: 0 } });
    expect(got.map((bytes) => Buffer.compare(bytes, sent[got.indexOf(bytes)] as Uint8Array))).toEqual([0, 0, 0]);
  });

  it('are withheld and counted while the person does not read; afterwards the sums are equal', async () => {
    const token = await personOf('ann', { kind: 'look' });
    const socket = client(token);
    await outcome(socket);
    const node = web1.sockets[0];
    const tcp = (socket.io.engine.transport as unknown as { ws: { _socket: { pause(): void; resume(): void } } }).ws
      ._socket;
    const next = batchesOf();
    const total = { rows: 0, received: 0, withheld: 0 };
    const ledgers: HubLedger[] = [];
    socket.on('ledger', ({ hub }: { hub: HubLedger }) => ledgers.push(hub));
    socket.on('packets', (bytes: Buffer) => {
      const batch = PacketLogBatch.from(bytes);
      total.received += batch.length;
      expect(batch.offered).toBe(total.received + batch.withheld);
      total.withheld = batch.withheld;
    });
    tcp.pause();
    const withheld = () => fixture.hub.relays.ledgers().reduce((sum, each) => sum + each.withheld, 0);
    // More than the buffers of two sockets and of the hub take.
    for (let i = 0; i < 400 && withheld() < 20_000; i++) {
      const batch = next(1000);
      total.rows += 1000;
      node?.emit('packets', Buffer.from(batch));
      await vi.waitFor(() => {
        const received = fixture.hub.relays.ledgers().reduce((sum, each) => sum + each.received, 0);
        expect(received).toBe(total.rows);
      }, WAIT);
    }
    expect(withheld()).toBeGreaterThanOrEqual(20_000);
    tcp.resume();
    await vi.waitFor(() => {
      node?.emit('packets', Buffer.from(next(1)));
      node?.emit('ledger', {});
      total.rows++;
      expect(ledgers.at(-1)?.received).toBeGreaterThan(0);
      expect(total.withheld).toBeGreaterThan(0);
    }, WAIT);
    await vi.waitFor(() => expect(ledgers.at(-1)?.received).toBe(total.rows), WAIT);
    const hub = ledgers.at(-1) as HubLedger;
    await vi.waitFor(() => expect(total.received).toBe(hub.sent), WAIT);
    expect(hub.received).toBe(hub.sent + hub.withheld);
    expect(total.received + total.withheld).toBe(total.rows);
  });

  it('end the relay if the node sends what is no batch', async () => {
    const { socket, node } = await look();
    const notice = new Promise((resolve) => socket.once('notice', resolve));
    node.emit('packets', Buffer.from('nonsense'));
    expect(await notice).toMatchObject({ code: 'relay_ended', message: expect.stringContaining('malformed') });
  });
});

it('does not take upgrades of other addresses for relays', async () => {
  const outgoing = request(`${fixture.url}/nodes/web1/other`, {
    headers: { Connection: 'Upgrade', Upgrade: 'websocket' },
  });
  const ended = new Promise((resolve) => {
    outgoing.on('error', resolve);
    outgoing.on('response', resolve);
  });
  outgoing.end();
  await ended;
  expect(web1.sockets).toEqual([]);
});
