/** Attacks on a running hub by strangers and by nodes: each is rejected and logged, and other nodes notice nothing. Needs root. */
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
// biome-ignore lint/style/noRestrictedImports: the node that breaks the protocol stands beside the hub
import { TestNode, testReport } from '../../packages/hub/test/support/test-node.ts';
import { eachWithNetwork } from '../e2e/suite.ts';
import { requireRoot } from '../lab/root.ts';
import { type Forward, forwardPort } from '../lab/traffic.ts';
import { type LabHub, removeFleetDirectories, startHub, startNode } from '../support/fleet.ts';

describe.skipIf(!requireRoot())('a hub under attack', () => {
  const suite = eachWithNetwork();
  let hub: LabHub;
  let forward: Forward;
  const attackers: TestNode[] = [];

  beforeEach(async () => {
    const { server, link } = suite.network;
    hub = await startHub(suite, server);
    // At the same port: the hub checks the header Host.
    forward = await forwardPort(server, hub.port);
    await startNode(suite, link.server, [hub], { name: 'web1', token: await hub.joinToken() });
    await hub.untilNodes(([web1]) => web1?.report !== undefined, 'a report of web1');
  });
  afterEach(async () => {
    for (const attacker of attackers.splice(0)) attacker.close();
    await forward.close();
    removeFleetDirectories();
  });

  function dial(name: string, key?: TestNode['key']): TestNode {
    const node = new TestNode(`http://127.0.0.1:${forward.port}`, name, key);
    attackers.push(node);
    return node;
  }

  async function joined(name: string): Promise<TestNode> {
    const node = dial(name);
    expect(await node.prove(await hub.joinToken())).toMatchObject({ ok: true });
    return node;
  }

  /** The node that is not attacked goes on. */
  async function untilHeardAgain(): Promise<void> {
    const answer = await hub.ask('nodes', {});
    if (!answer.ok) throw new Error(answer.error.message);
    const before = answer.value.nodes.find(({ name }) => name === 'web1')?.heard_at_ms ?? 0;
    const isNewer = (heardAtMs: number | null) => heardAtMs !== null && heardAtMs > before;
    await hub.untilNodes(
      (nodes) => nodes.some(({ name, heard_at_ms }) => name === 'web1' && isNewer(heard_at_ms)),
      'web1 again',
    );
  }

  test('a forged name, a stolen public key and a replayed proof are rejected', async () => {
    expect(await dial('web1').prove(await hub.joinToken())).toMatchObject({ error: { code: 'name_taken' } });

    const first = dial('db1');
    const proof = first.proof(await first.challenge, { join_token: await hub.joinToken() });
    expect(await first.send(proof)).toMatchObject({ ok: true });
    const replay = dial('db1');
    await replay.challenge;
    expect(await replay.send(proof)).toMatchObject({ error: { code: 'wrong_signature' } });

    const thief = dial('web1');
    const stolen = thief.proof(await thief.challenge, { public_key: proof.public_key });
    expect(await thief.send(stolen)).toMatchObject({ error: { code: 'wrong_signature' } });
    await hub.process.untilPrinted(/"node":"db1","code":"wrong_signature".*"msg":"node rejected"/);
    expect(first.socket.connected).toBe(true);
    await untilHeardAgain();
  });

  test('malformed, oversize and too many reports end at the connection of their node, and are logged once a kind', async () => {
    const malformed = await joined('db1');
    malformed.socket.emit('report', { ...testReport(), ledger: { seen: -1 } } as never);
    await hub.process.untilPrinted(/"node":"db1".*"msg":"report of a node rejected"/);
    expect(malformed.socket.connected).toBe(true);

    const oversize = await joined('db2');
    oversize.socket.emit('report', testReport({ version: 'x'.repeat(1_000_000) }));
    await oversize.closed;
    await hub.process.untilPrinted(/"node":"db2".*more than 65536 bytes.*"msg":"node disconnected"/);

    const flood = await joined('db3');
    for (let i = 0; i < 10_000; i++) flood.socket.emit('report', testReport());
    await flood.closed;
    await hub.process.untilPrinted(/"node":"db3".*messages per second.*"msg":"node disconnected"/);
    await untilHeardAgain();
    expect(hub.process.stderr.match(/"node":"db3"/g)?.length).toBeLessThan(5);
  });

  test('strangers who send much, or speak something else, are cut off', async () => {
    const much = dial('db1');
    await much.challenge;
    much.socket.emit('prove', { much: 'x'.repeat(1_000_000) } as never, () => {});
    await much.closed;

    const other = connect(forward.port, '127.0.0.1');
    other.on('error', () => {});
    const closed = new Promise<void>((resolve) => other.once('close', () => resolve()));
    other.resume();
    for (let i = 0; i < 2000; i++) other.write('x'.repeat(1024));
    await closed;
    await untilHeardAgain();
  });
});
