/** Real loaders join a real hub: reports, restarts of both sides, and nodes that are not let in. Needs root. */
import { afterEach, describe, expect, test } from 'vitest';
import { eachWithNetwork } from '../e2e/suite.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { type LabHub, removeFleetDirectories, startHub, startNode } from '../support/fleet.ts';

describe.skipIf(!requireRoot())('a fleet', () => {
  const suite = eachWithNetwork({ links: 2 });
  afterEach(removeFleetDirectories);

  const untilHeard = (hub: LabHub, name: string) =>
    hub.untilNodes((nodes) => nodes.some((node) => node.name === name && node.report), `a report of ${name}`);
  const untilSeen = (hub: LabHub, packets: number) =>
    hub.untilNodes(([web1]) => web1?.report?.ledger.seen === packets, `${packets} packets in the hub`);

  test('shows what a node counts, and hears it again after each side was killed', async () => {
    const { client, server, link } = suite.network;
    const hub = await startHub(suite, server);
    const token = await hub.joinToken('--group', 'web');
    const node = await startNode(suite, link.server, [hub], { token });
    await untilHeard(hub, 'web1');
    const { sent } = await sendUdp(client, { address: link.server.ipv4, count: 100 });
    await untilSeen(hub, sent);
    expect(await hub.nodes()).toMatchObject([
      { name: 'web1', group: 'web', age_s: expect.any(Number), ledger: { seen: sent, permitted: sent } },
    ]);

    // A hub that was killed: the node comes back to the next one with its counts.
    await hub.process.end('SIGKILL');
    expect((await hub.nodes()).map(({ name, age_s }) => [name, age_s])).toEqual([['web1', null]]);
    const next = await startHub(suite, server, { state: hub.state, port: hub.port });
    await untilSeen(next, sent);

    // A node that was killed: it needs no token any more.
    await node.process.end('SIGKILL');
    await startNode(suite, link.server, [next], { state: node.state });
    await untilSeen(next, 0);
  });

  test('rejects a node with the name of another, and one that was revoked, and says why', async () => {
    const { server, links } = suite.network;
    const [first, second] = links;
    if (first === undefined || second === undefined) throw new Error('two cables are needed');
    const hub = await startHub(suite, server);
    const token = await hub.joinToken('--uses', '5');
    const node = await startNode(suite, first.server, [hub], { token });
    await untilHeard(hub, 'web1');

    const forger = await startNode(suite, second.server, [hub], { token });
    await hub.process.untilPrinted(/"code":"name_taken"/);
    await forger.process.untilPrinted(/name_taken|with another key/);
    await forger.process.end();

    await hub.done('revoke', 'web1');
    await hub.process.untilPrinted(/"code":"revoked"/);
    await node.process.untilPrinted(/revoked/);
    expect(await hub.nodes()).toEqual([]);
    const trail = await hub.done('audit');
    expect(trail).toMatch(/join token \w+ .* join +web1 +done/);
    expect(trail).toMatch(/revoke +web1 +done/);
  });
});
