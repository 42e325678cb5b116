/** The Fleet page of a real hub with a real node: packets, rows through the hub, people. Needs root and chromium. */
import { fileURLToPath } from 'node:url';
import { connect, connectHub } from '@packetlog/client';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { exact, openPage, startChromium, untilApplied } from '../e2e/chromium.ts';
import { eachWithNetwork } from '../e2e/suite.ts';
import { requireRoot } from '../lab/root.ts';
import { type Forward, forwardPort, sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { removeFleetDirectories, startHub, startNode } from '../support/fleet.ts';

const PACKETS = 100;
const RULES = { rules: [{ action: 'deny', source: 'any', protocol: 'udp', destination_port: 9 }] };
const PAGE = fileURLToPath(new URL('../../apps/dashboard/out/', import.meta.url));

const suite = eachWithNetwork();
let browser: Browser;
let forward: Forward | undefined;
beforeAll(async () => {
  browser = await startChromium();
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  await forward?.close();
  removeFleetDirectories();
});
afterAll(() => browser.close());

test.skipIf(!requireRoot())(
  'a page of a real hub shows a node, opens its Live page through the hub, and gets its rows there, none lost',
  async () => {
    const { client, server, link } = suite.network;
    // Bound here before the hub binds it in the namespace, where nothing else runs.
    forward = await forwardPort(server, 0);
    const hub = await startHub(suite, server, { port: forward.port, args: ['--ui', PAGE] });
    const token = await hub.joinToken('--group', 'web');
    await startNode(suite, link.server, [hub], { token });
    await hub.untilNodes((nodes) => nodes.some(({ report }) => report !== undefined), 'a report of the node');
    const anna = await hub.ask('person_add', { person: 'anna', role: { kind: 'admin' } });
    if (!anna.ok) throw new Error(anna.error.message);

    const { page, problems } = await openPage(browser, `${hub.url}/#token=${anna.value.token}`);
    await page.locator('[data-testid=fleet-page][data-nodes="1"]').waitFor();
    expect(await page.getByTestId('fleet-node').getAttribute('data-node')).toBe('web1');
    await page.getByRole('button', { name: 'web1', exact: true }).first().click();
    await untilApplied(page);
    const { sent } = await sendUdp(client, { address: link.server.ipv4, count: PACKETS });
    await until(async () => (await exact(page, 'total-seen')) >= sent, { what: 'all packets on the page of the node' });
    await until(async () => (await page.getByTestId('live-row').count()) > 0, { what: 'rows through the hub' });
    expect(await exact(page, 'total-lost')).toBe(0);
    expect(await page.getByLabel('Packet path').first().textContent()).toContain('Hub');
    await page.getByTestId('go-to-fleet').click();
    await page.getByTestId('fleet-page').waitFor();

    // Rules of its group: the page shows what the node did with them.
    await page.getByRole('tab', { name: /^Rules/ }).click();
    await page.locator('[data-testid=group][data-group=web]').getByTestId('change-rules').click();
    await page.locator('[data-testid=rules-text]:not(:disabled)').fill(JSON.stringify(RULES));
    await page.getByTestId('apply-rules').click();
    await page.locator('[data-testid=rollout][data-state=done]').waitFor();
    expect(await page.getByTestId('rollout').textContent()).toContain('1 in force');
    await page.getByRole('tab', { name: 'Nodes' }).click();
    await page.getByTestId('fleet-node').getByText('1 in force').waitFor();
    const denied = await sendUdp(client, { address: link.server.ipv4, count: PACKETS });
    await hub.untilNodes(([web1]) => web1?.report?.ledger.denied === denied.sent, 'the rule to deny all packets');

    // A program sees the same with the same token, and uses the node through the hub.
    const fleet = await connectHub(hub.url, { token: anna.value.token });
    expect((await fleet.nodes()).nodes.map(({ name }) => name)).toEqual(['web1']);
    expect((await fleet.rules('web')).number).toBe(1);
    expect((await fleet.groups()).find(({ name }) => name === 'web')?.rollout).toMatchObject({
      state: 'done',
      in_force: 1,
    });
    const web1 = await fleet.node('web1');
    expect((await web1.rules()).rules.map(({ action }) => action)).toEqual(['deny']);
    await expect(connect(hub.url, { token: anna.value.token })).rejects.toThrow(`${hub.url}/nodes/NAME/`);
    await fleet.close();

    // A person who was removed is told so, at once.
    const removed = await hub.ask('person_remove', { person: 'anna' });
    expect(removed.ok).toBe(true);
    await page.locator('[data-testid=connection-state][data-state=rejected]').waitFor();
    expect(problems.filter((problem) => !/WebSocket/.test(problem))).toEqual([]);
  },
);
