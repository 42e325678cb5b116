/** Where rows are lost, and several loaders in one page. Real browser, loaders and packets; needs root and chromium. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { axeViolations, exact, PHONE, screenshot, untilApplied } from './chromium.ts';
import { eachWithDashboard } from './dashboard.ts';

const OTHER_TOKEN = 'another-token-of-the-test-9876543210';
const LOSS = 37;

describe.skipIf(!requireRoot())('the packet path', () => {
  const suite = eachWithDashboard();

  const lostAt = (page: Page, step: string, label: string) =>
    page.getByTestId(`path-${step}`).locator(`[data-amount="${label}"] data`).getAttribute('data-value');

  test('lost rows are counted at the step where they were lost', async () => {
    const { link, client } = suite.network;
    const { packetlog, url } = await suite.start('--simulate-loss', String(LOSS));
    const { page, problems } = await suite.open(url);
    await sendUdp(client, { address: link.server.ipv4, count: 500, ports: [53, 443], perSecond: 2000 });
    await until(async () => (await exact(page, 'total-lost')) === LOSS, { what: `${LOSS} rows to be lost` });
    // The counters may arrive a second after the rows.
    await until(async () => (await exact(page, 'total-seen')) >= 500, { what: 'all packets to be counted' });
    await page.keyboard.press('w');
    await page.getByTestId('path-sentence').getByText(`${LOSS} rows in the loader`).waitFor();
    expect(await lostAt(page, 'loader', 'loader too slow')).toBe(String(LOSS));
    expect(await lostAt(page, 'ring', 'ring full')).toBe('0');
    expect(await lostAt(page, 'page', 'client too slow')).toBe('0');
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'way');
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'path-light');
    await page.keyboard.press('Escape');
    await page.setViewportSize(PHONE);
    await page.getByRole('tab', { name: 'Path' }).click();
    await page.getByTestId('path-loader').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'path-phone');
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('two loaders are shown one by one and as All nodes; a killed one is listed as gone', async () => {
    const { server, client, link } = suite.network;
    const first = await suite.start();
    const second = await suite.startAt(link.client, OTHER_TOKEN, '--allow-origin', first.origin);
    // The address of the second loader is known now: the first one has to allow it, also on localhost.
    await first.packetlog.end();
    const serving = await suite.serve(first.port, '--allow-node', second.origin);
    const { page, problems } = await suite.open(first.url);
    const row = (origin: string) => page.locator(`[data-testid="node-row"][data-address="${origin}"]`);
    const state = (origin: string, expected: string) =>
      until(async () => (await row(origin).getAttribute('data-state')) === expected, {
        what: `${origin} to be ${expected}`,
      });
    const addresses: string[] = [];
    page.on('framenavigated', (frame) => addresses.push(frame.url()));

    await page.getByRole('link', { name: 'Nodes' }).click();
    await state(first.origin, 'live');
    await page.getByTestId('add-node').click();
    const field = (name: string) => page.locator(`input[name="node-${name}"]`);
    await field('address').fill(second.origin);
    await page.getByTestId('save-node').click();
    await page.getByText('Enter the token').waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await field('token').fill('not-the-token-of-that-loader');
    expect(await field('token').getAttribute('type')).toBe('password');
    await field('name').fill('second');
    await screenshot(page, 'nodes-add');
    await page.getByTestId('save-node').click();
    await state(second.origin, 'rejected');
    await page.getByRole('button', { name: 'Edit second' }).click();
    await field('token').fill(OTHER_TOKEN);
    await page.getByTestId('save-node').click();
    await state(second.origin, 'live');

    // The page cannot connect to an address that its loader does not allow, and names the missing option.
    const forbidden = 'http://web-2.invalid:7411';
    await page.getByTestId('add-node').click();
    await field('address').fill(`${forbidden}/#token=${OTHER_TOKEN}`);
    await page.getByTestId('save-node').click();
    await row(forbidden).getByText(`--allow-node ${forbidden}`).waitFor();
    await page.getByRole('button', { name: /^Edit web-2/ }).click();
    await page.getByRole('button', { name: 'Remove' }).click();
    await row(forbidden).waitFor({ state: 'detached' });

    // Each node has its own counters; All nodes adds them up, with rows of both in one table.
    await page.getByTestId('node-switch').selectOption('all-nodes');
    await page.getByRole('link', { name: 'Live' }).click();
    const summed = (count: number) =>
      until(async () => (await exact(page, 'total-seen')) === count, { what: `${count} packets to be seen` });
    await untilApplied(page);
    await sendUdp(client, { address: link.server.ipv4, count: 300, ports: [53], perSecond: 2000 });
    await sendUdp(server, { address: link.client.ipv4, count: 200, ports: [443], perSecond: 2000 });
    let [there, here] = [0, 0];
    const all = async () => {
      [there, here] = [(await link.server.counters()).rx.packets, (await link.client.counters()).rx.packets];
      return there >= 300 && here >= 200 && (await exact(page, 'total-seen')) === there + here;
    };
    await until(all, { what: 'the packets of both to be counted', evidence: () => `${there} and ${here}` });
    const marked = (name: string) => page.getByTestId('live-row').filter({ hasText: name }).first();
    await marked(`second ${link.client.device}`).waitFor();
    await page.getByRole('region', { name: 'Top destination ports' }).getByText('443').waitFor();
    await page.getByRole('region', { name: 'Top destination ports' }).getByText('53', { exact: true }).waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'all-nodes');

    // The live sums of a filter begin on each node, and are added up.
    await page.getByTestId('filter').fill('udp dst port (53 or 443)');
    await page.keyboard.press('Enter');
    const matches = (count: number) =>
      page.locator(`[data-testid=since-applied][data-packets="${count}"]`).getByText('complete').waitFor();
    await matches(0);
    await sendUdp(server, { address: link.client.ipv4, count: 20, ports: [443] });
    await sendUdp(client, { address: link.server.ipv4, count: 30, ports: [53, 9] });
    await matches(35);
    await page.getByRole('region', { name: 'Top sources' }).getByText(link.client.ipv4).waitFor();
    await page.getByRole('region', { name: 'Top sources' }).getByText(link.server.ipv4).waitFor();
    await screenshot(page, 'all-nodes-filter', false);
    await page.getByTestId('filter').fill('');
    await page.keyboard.press('Enter');
    await page.getByTestId('filter').blur();
    await until(all, { what: 'the packets of both to be counted', evidence: () => `${there} and ${here}` });
    await page.keyboard.press('w');
    await page.getByRole('region', { name: 'Ledger of each node' }).getByText('second').waitFor();
    await screenshot(page, 'path-all-nodes');
    await page.keyboard.press('Escape');
    await page.getByTestId('node-switch').selectOption(second.origin);
    await summed(here);
    await page.getByTestId('node-switch').selectOption(first.origin);
    await summed(there);

    await second.packetlog.end('SIGKILL');
    await page.getByTestId('node-switch').selectOption('all-nodes');
    await page.getByTestId('missing-nodes').getByText('second is missing').waitFor();
    await summed(there + here);
    await page.getByRole('link', { name: 'Nodes', exact: true }).first().click();
    await state(second.origin, 'gone');
    await row(second.origin).getByText(`--allow-origin ${first.origin}`).waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'nodes');
    await page.setViewportSize(PHONE);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await screenshot(page, 'nodes-phone');

    // The token is neither in the address nor on the page; removing a node deletes it.
    expect(addresses.filter((url) => url.includes(OTHER_TOKEN))).toEqual([]);
    expect(await page.content()).not.toContain(OTHER_TOKEN);
    await page.getByRole('button', { name: 'Edit second' }).click();
    await page.getByRole('button', { name: 'Remove' }).click();
    await row(second.origin).waitFor({ state: 'detached' });
    expect(await page.evaluate('JSON.stringify(localStorage)')).not.toContain(OTHER_TOKEN);
    expect(problems.filter((problem) => !/WebSocket connection to|Content Security Policy/.test(problem))).toEqual([]);

    // However the address is written, the page renders for its path without an error.
    for (const path of ['/nodes', '/nodes/', '/nodes.html', '/rules/?x', '/index.html']) {
      const odd = await suite.open(`${first.origin}${path}${first.look}`);
      expect([path, odd.problems]).toEqual([path, []]);
      await odd.page.context().close();
    }

    // A link that names a loader without a token sends nothing to it.
    const linked: string[] = [];
    page.on('websocket', (socket) => linked.push(new URL(socket.url()).port));
    await page.goto(`${first.origin}/rules#loader=${encodeURIComponent(second.origin)}`);
    await page.reload();
    await page.locator('[data-testid=connection-state][data-state=live]').waitFor({ state: 'attached' });
    expect(new Set(linked)).toEqual(new Set([String(first.port)]));
    await serving.end();
  });
});
