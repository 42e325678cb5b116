/** Operating a hub: status, metrics, backup and restore, with a real node. Needs root. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { eachWithNetwork } from '../e2e/suite.ts';
import { startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { forwardPort } from '../lab/traffic.ts';
import { newFleetDirectory, removeFleetDirectories, startHub, startNode } from '../support/fleet.ts';

const DOCUMENT = new URL('../../docs/fleet.md', import.meta.url);

const namesIn = (text: string, pattern: RegExp) => [...new Set(Array.from(text.matchAll(pattern), ([, name]) => name))];

describe.skipIf(!requireRoot())('a hub', () => {
  const suite = eachWithNetwork();
  afterEach(removeFleetDirectories);

  test('tells its state, in text and as the documented metrics', async () => {
    const { server, link } = suite.network;
    const hub = await startHub(suite, server, { args: ['--metrics', 'same'] });
    const person = (await hub.done('people', 'add', 'prometheus', '--role', 'look')).trim();
    await startNode(suite, link.server, [hub], { token: await hub.joinToken() });
    await hub.untilNodes(([web1]) => web1?.report !== undefined, 'a report');
    expect(await hub.done('status')).toBe('Nodes: 1, of which 1 were heard in the last 30 s.\n');

    const forward = await forwardPort(server, hub.port, 0);
    const scrape = (headers: Record<string, string>) =>
      fetch(`http://127.0.0.1:${forward.port}/metrics`, { headers: { ...headers, Connection: 'close' } });
    try {
      expect((await scrape({})).status).toBe(401);
      expect((await scrape({ Authorization: 'Bearer wrong' })).status).toBe(401);
      const text = await (await scrape({ Authorization: `Bearer ${person}` })).text();
      expect(text).toMatch(/^packetlog_hub_nodes 1$/m);
      expect(text).toMatch(/^packetlog_hub_node_age_seconds\{node="web1",group="default"\} [\d.]+$/m);
      const documented = namesIn(readFileSync(DOCUMENT, 'utf8'), /^\| `(packetlog_hub_\w+)`/gm);
      expect(namesIn(text, /^# TYPE (\w+) /gm).sort()).toEqual(documented.sort());
    } finally {
      await forward.close();
    }

    await hub.process.end('SIGTERM');
    expect(await hub.command('status')).toMatchObject({ code: 1, stdout: expect.stringMatching(/^No hub runs at /) });
  });

  test('is restored from a backup that was made while it ran: nodes and people come back', async () => {
    const { server, link } = suite.network;
    const hub = await startHub(suite, server);
    await hub.done('people', 'add', 'ann', '--role', 'admin');
    const node = await startNode(suite, link.server, [hub], { token: await hub.joinToken('--group', 'web') });
    await hub.untilNodes(([web1]) => web1?.report !== undefined, 'a report');
    const file = join(newFleetDirectory(), 'backup');
    await hub.done('backup', '-w', file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await hub.process.end('SIGKILL');

    const state = join(newFleetDirectory(), 'restored');
    // Into a state that is in use: no.
    expect((await hub.command('restore', file)).code).toBe(1);
    const restoring = suite.own(startPacketlog(server, { args: ['hub', 'restore', file, '--state', state] }));
    expect((await restoring.exited).code).toBe(0);
    const next = await startHub(suite, server, { state, port: hub.port });
    await next.untilNodes(([web1]) => web1?.report !== undefined, 'a report to the restored hub');
    expect(await next.nodes()).toMatchObject([{ name: node.name, group: 'web' }]);
    expect(await next.done('people', 'list')).toMatch(/ann +admin/);
  });
});
