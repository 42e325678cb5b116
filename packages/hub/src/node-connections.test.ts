import { once } from 'node:events';
import { request } from 'node:http';
import { IDLE_REPORT_MS, RELAY_PATH, RELAY_UPGRADE, type Welcome } from '@packetlog/common/fleet';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HubFixture } from '../test/support/hub-fixture.ts';
import { newKey, TestNode, testReport } from '../test/support/test-node.ts';
import { isSignedBy, publicKeyOf } from './identity/signing.ts';
import { proofText } from './nodes/proof.ts';

let fixture: HubFixture;
const nodes: TestNode[] = [];

beforeEach(async () => {
  fixture = await HubFixture.start();
});

afterEach(async () => {
  for (const node of nodes.splice(0)) node.close();
  await fixture.close();
});

function dial(name: string, key = newKey()): TestNode {
  const node = new TestNode(fixture.url, name, key);
  nodes.push(node);
  return node;
}

async function joined(name: string, group?: string): Promise<{ node: TestNode; welcome: Welcome }> {
  const node = dial(name);
  const result = await node.prove(await fixture.joinToken(1, group));
  if (!result.ok) throw new Error(result.error.message);
  return { node, welcome: result.value };
}

const rejectedWith = (code: string) => ({ ok: false, error: expect.objectContaining({ code }) });
const messages = () => fixture.lines.map(({ message }) => message);

describe('a node that joins', () => {
  it('gets a welcome that the hub has signed', async () => {
    const node = dial('web1');
    const challenge = await node.challenge;
    const proof = node.proof(challenge, { join_token: await fixture.joinToken(1, 'web') });
    const result = await node.send(proof);
    if (!result.ok) throw new Error(result.error.message);
    const { signature, ...welcome } = result.value;
    expect(welcome).toMatchObject({ node: 'web1', group: 'web', report_ms: IDLE_REPORT_MS, ship: 'nothing' });
    const text = proofText(proof, challenge.hub_key, challenge.nonce);
    expect(isSignedBy('hub-proof', text, signature, challenge.hub_key)).toBe(true);
    expect(fixture.hub.nodes.get('web1')?.group).toBe('web');
  });

  it('needs no token when it comes back, and keeps its group', async () => {
    const { node } = await joined('web1', 'web');
    node.close();
    expect(await dial('web1', node.key).prove()).toMatchObject({ ok: true, value: { group: 'web' } });
  });

  it('is in the audit trail', async () => {
    await joined('web1');
    await vi.waitFor(async () => {
      expect(await fixture.hub.identity.audit.newest(1)).toMatchObject([{ what: 'join', target: 'web1' }]);
    });
  });

  it('uses up its token', async () => {
    const token = await fixture.joinToken(1);
    expect((await dial('web1').prove(token)).ok).toBe(true);
    expect(await dial('web2').prove(token)).toEqual(rejectedWith('join_token'));
    expect(fixture.hub.identity.register.size).toBe(1);
  });

  it('is rejected with a token of another hub', async () => {
    const other = await HubFixture.start();
    const token = await other.joinToken();
    await other.close();
    expect(await dial('web1').prove(token)).toEqual(rejectedWith('join_token'));
  });

  it('is known by its new name after it was renamed, whatever name it sends', async () => {
    const { node } = await joined('web1');
    await fixture.hub.identity.register.rename('web1', 'shop1');
    await node.closed;
    expect(await dial('web1', node.key).prove()).toMatchObject({ ok: true, value: { node: 'shop1' } });
    expect(fixture.hub.nodes.get('web1')).toBeUndefined();
  });
});

describe('an attacker', () => {
  it('cannot come in without a key that the hub knows', async () => {
    expect(await dial('web1').prove()).toEqual(rejectedWith('unknown_node'));
    expect(messages()).toEqual(['node rejected']);
  });

  it('cannot take the name of another node, with or without a join token', async () => {
    const { node } = await joined('web1');
    expect(await dial('web1').prove()).toEqual(rejectedWith('name_taken'));
    expect(await dial('web1').prove(await fixture.joinToken())).toEqual(rejectedWith('name_taken'));
    expect(fixture.hub.nodes.get('web1')?.publicKey).toBe(publicKeyOf(node.key));
    expect(node.socket.connected).toBe(true);
  });

  it('cannot take the name of another node with a key that the hub knows', async () => {
    await joined('web1');
    const { node } = await joined('web2');
    expect(await dial('web1', node.key).prove()).toEqual(rejectedWith('name_taken'));
  });

  it('cannot use the public key of another node', async () => {
    const { node } = await joined('web1');
    const attacker = dial('web1');
    const proof = attacker.proof(await attacker.challenge, { public_key: publicKeyOf(node.key) });
    expect(await attacker.send(proof)).toEqual(rejectedWith('wrong_signature'));
  });

  it('cannot replay a proof on another connection', async () => {
    const first = dial('web1');
    const proof = first.proof(await first.challenge, { join_token: await fixture.joinToken(2) });
    expect((await first.send(proof)).ok).toBe(true);
    const second = dial('web1');
    await second.challenge;
    expect(await second.send(proof)).toEqual(rejectedWith('wrong_signature'));
    expect(first.socket.connected).toBe(true);
    expect(fixture.lines).toMatchObject([
      { message: 'node rejected', facts: { node: 'web1', code: 'wrong_signature' } },
    ]);
  });

  it('is rejected after its key was revoked, and its connection ends', async () => {
    const { node } = await joined('web1');
    await fixture.hub.identity.register.revoke('web1', 1);
    await node.closed;
    expect(await dial('web1', node.key).prove(await fixture.joinToken())).toEqual(rejectedWith('revoked'));
    expect((await dial('web1').prove(await fixture.joinToken())).ok).toBe(true);
  });

  it('is disconnected after a proof that is malformed', async () => {
    const node = dial('web1');
    expect(await node.send(node.proof(await node.challenge, { node: '../x' }))).toEqual(rejectedWith('invalid'));
    await node.closed;
  });
});

describe('reports', () => {
  it('are kept with the time when they were heard', async () => {
    const { node } = await joined('web1');
    node.socket.emit('report', testReport({ packets: 42 }));
    await vi.waitFor(() => expect(fixture.hub.nodes.heard('web1')?.reportText).toContain('"packets":42'));
  });

  it('are rejected and logged if they are malformed; the node stays', async () => {
    const { node } = await joined('web1');
    node.socket.emit('report', { ...testReport(), packets: -1 });
    await vi.waitFor(() => expect(messages()).toEqual(['report of a node rejected']));
    node.socket.emit('report', testReport());
    await vi.waitFor(() => expect(fixture.hub.nodes.get('web1')?.rules).toBeDefined());
  });

  it('of another shape or size end the connection, and change nothing', async () => {
    const { node } = await joined('web1');
    node.socket.emit('report', testReport({ version: 'x'.repeat(100_000) }));
    await node.closed;
    expect(fixture.lines).toMatchObject([{ message: 'node disconnected', facts: { node: 'web1' } }]);
    expect(fixture.hub.nodes.heard('web1')?.reportText).toBeUndefined();
  });

  it('that come too often end the connection', async () => {
    const { node } = await joined('web1');
    for (let i = 0; i < 100; i++) node.socket.emit('report', testReport());
    await node.closed;
    expect(messages()).toEqual(['node disconnected']);
  });
});

describe('a second connection of a node', () => {
  it('replaces the first', async () => {
    const { node } = await joined('web1');
    const second = dial('web1', node.key);
    expect((await second.prove()).ok).toBe(true);
    await node.closed;
    expect([...fixture.hub.nodes.all()]).toHaveLength(1);
    expect(second.socket.connected).toBe(true);
  });
});

describe('a relay', () => {
  async function upgrade(path: string, token: string): Promise<number> {
    const outgoing = request(fixture.url + path, {
      headers: { Connection: 'Upgrade', Upgrade: RELAY_UPGRADE, Authorization: `Bearer ${token}` },
    });
    outgoing.end();
    outgoing.on('upgrade', (_, socket) => socket.end('from the node'));
    return new Promise((resolve, reject) => {
      outgoing.on('upgrade', ({ statusCode }) => resolve(statusCode ?? 0));
      outgoing.on('response', ({ statusCode }) => resolve(statusCode ?? 0));
      outgoing.on('error', reject);
    });
  }

  it('that the hub ordered becomes a connection to the node', async () => {
    const { node, welcome } = await joined('web1');
    const order = once(node.socket as never, 'relay') as Promise<[{ id: string }]>;
    const relayed = fixture.hub.nodes.get('web1')?.relay();
    const [{ id }] = await order;
    expect(await upgrade(RELAY_PATH + id, welcome.session_token)).toBe(101);
    const socket = await relayed;
    const [bytes] = (await once(socket as never, 'data')) as [Buffer];
    expect(bytes.toString()).toBe('from the node');
  });

  it('of another node, or without a session token, is rejected', async () => {
    const { node } = await joined('web1');
    const other = await joined('web2');
    const order = once(node.socket as never, 'relay') as Promise<[{ id: string }]>;
    const relayed = fixture.hub.nodes.get('web1')?.relay();
    const [{ id }] = await order;
    expect(await upgrade(RELAY_PATH + id, other.welcome.session_token)).toBe(404);
    expect(await upgrade(RELAY_PATH + id, 'x')).toBe(401);
    expect(messages()).toEqual(['relay that was not ordered', 'relay without a session token']);
    const ended = expect(relayed).rejects.toThrow('The hub ends.');
    await fixture.hub.close();
    await ended;
  });
});

describe('the hub', () => {
  it('tells nodes at its end when to come back', async () => {
    const { node } = await joined('web1');
    const left = once(node.socket as never, 'leave') as Promise<[{ within_ms: number }]>;
    await fixture.hub.close();
    const [{ within_ms }] = await left;
    expect(within_ms).toBeGreaterThan(0);
    await node.closed;
  });

  it('ends what waits for a node that goes away', async () => {
    const { node } = await joined('web1');
    const answer = fixture.hub.nodes.get('web1')?.repair();
    node.close();
    await expect(answer).rejects.toThrow('web1 is gone.');
  });

  it('ends the connection of a node that proves nothing in time', async () => {
    const other = await HubFixture.start({ proofMs: 50 });
    const node = new TestNode(other.url, 'web1');
    await node.closed;
    expect(other.lines).toMatchObject([{ message: 'node disconnected: it did not prove its key in time' }]);
    await other.close();
  });
});
