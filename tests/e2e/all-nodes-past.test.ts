/** Recorded packets of several loaders in one page. Real browser, loaders and packets; needs root and chromium. */
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { recordsIn } from '../lab/recorded.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { axeViolations, DESKTOP, exact, PHONE, screenshot, TABLET } from './chromium.ts';
import { eachWithDashboard } from './dashboard.ts';
import { misfits } from './fit.ts';

const SECOND = { name: 'web-2', token: 'the-token-of-the-second-9876543210' };
const THIRD = { name: 'web-3', token: 'the-token-of-the-third-9876543210' };
/** Packets to port 53 that the first loader records, before and after those of the second. */
const BEFORE = 150;
const AFTER = 100;
/** Packets to ports 53 and 443 that the second loader records. */
const DNS = 30;
const HTTPS = 50;
const ALL = BEFORE + DNS + HTTPS + AFTER;

describe.skipIf(!requireRoot())('recorded packets of all nodes', { timeout: 240_000 }, () => {
  const suite = eachWithDashboard({ links: 2 });
  let parent: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'packetlog-all-past-'));
    // The cores are not root.
    chmodSync(parent, 0o755);
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  const directory = (name: string) => join(parent, name);
  const at = (ms: number) => new Date(ms).toISOString();
  const top = (page: Page, title: string) => page.getByRole('region', { name: title }).getByTestId('top-row');
  const coverage = (page: Page) => page.getByTestId('past-coverage');
  const hashOf = (page: Page) => new URLSearchParams(new URL(page.url()).hash.slice(1));
  const untilLoaded = (page: Page, rows: number) =>
    until(async () => Number(await page.getByTestId('table-state').getAttribute('data-loaded')) === rows, {
      what: `${rows} recorded rows`,
    });

  /** Starts two loaders that record and one that does not, and opens a page that knows all three. */
  async function threeNodes() {
    const { link, links } = suite.network;
    const first = await suite.start();
    const allowed = ['--allow-origin', first.origin];
    const recorded = ['--record-dir', directory('second')];
    const second = await suite.startAt(link.client, SECOND.token, ...allowed, ...recorded);
    const third = await suite.startAt((links[1] ?? link).client, THIRD.token, ...allowed);
    // The addresses of the others are known now: the first has to allow them.
    await first.packetlog.end();
    const nodes = ['--allow-node', second.origin, '--allow-node', third.origin];
    const serving = await suite.serve(first.port, ...nodes, '--record-dir', directory('first'));
    const { page, problems } = await suite.open(first.url);
    const saved = [
      { ...SECOND, loader: second.origin, adminToken: null },
      { ...THIRD, loader: third.origin, adminToken: null },
    ];
    await page.evaluate(`localStorage.setItem('packetlog-nodes', ${JSON.stringify(JSON.stringify(saved))})`);
    await page.reload();
    await page.getByTestId('node-switch').selectOption('all-nodes');
    await until(async () => hashOf(page).get('node') === 'all-nodes', { what: 'the address to name all nodes' });
    return { page, problems, first, second, third, serving };
  }

  /** Sends packets to both ends of the first cable in turn, and to the third loader. Returns the range. */
  async function send(page: Page): Promise<{ from: number; to: number }> {
    const { client, server, link, links } = suite.network;
    await until(async () => (await exact(page, 'total-seen')) >= 0, { what: 'figures' });
    const from = Date.now() - 1;
    await sendUdp(client, { address: link.server.ipv4, count: BEFORE, ports: [53] });
    await sendUdp(server, { address: link.client.ipv4, count: HTTPS, ports: [443] });
    await sendUdp(server, { address: link.client.ipv4, count: DNS, ports: [53] });
    await sendUdp(client, { address: link.server.ipv4, count: AFTER, ports: [53] });
    await sendUdp(server, { address: (links[1] ?? link).client.ipv4, count: 20, ports: [53] });
    await until(async () => recordsIn(directory('first')) >= BEFORE + AFTER, { what: 'the first to record' });
    await until(async () => recordsIn(directory('second')) >= DNS + HTTPS, { what: 'the second to record' });
    // A chart of less than a second would have no line.
    await until(async () => Date.now() > from + 3_000, { what: 'a few seconds' });
    return { from, to: Date.now() };
  }

  test('are added up in chart, lists and rows; the page says which nodes it shows, and a link reopens it', async () => {
    const { page, problems, first, second, serving, third } = await threeNodes();
    const { from, to } = await send(page);
    const link = `${first.origin}/#from=${at(from)}&to=${at(to)}&filter=udp&node=all-nodes`;
    const linked = await page.context().newPage();
    await page.close();
    // A new tab has no token of its own.
    await linked.goto(`${link}&token=${first.look.replace('#token=', '')}`);
    await untilLoaded(linked, ALL);
    await coverage(linked).getByText(`${ALL} packets match on 2 of 3 nodes, web-3 has no recorder`).waitFor();
    await linked
      .getByTestId('table-state')
      .getByText(`all ${ALL} recorded rows, newest first; without web-3`)
      .waitFor();
    expect(hashOf(linked).get('node')).toBe('all-nodes');
    expect(hashOf(linked).get('token')).toBeNull();

    const ports = top(linked, 'Top destination ports');
    const ofPort = (port: string) => ports.filter({ hasText: port }).locator('data').first();
    await until(async () => (await ofPort('53 UDP').getAttribute('data-value')) === String(ALL - HTTPS), {
      what: 'the sum of both nodes',
    });
    expect(await ofPort('443').getAttribute('data-value')).toBe(String(HTTPS));
    expect(await top(linked, 'Top sources').count()).toBe(2);
    await linked.getByText('2 sources', { exact: true }).waitFor();
    await top(linked, 'Interfaces').filter({ hasText: 'web-2 client0' }).waitFor();
    await until(
      async () => (await linked.getByTestId('chart-text').textContent())?.startsWith(`${ALL} packets`) ?? false,
      { what: 'the chart to count all packets' },
    );

    // The newest rows are of the first node, those before them of the second.
    const row = linked.getByTestId('live-row').first();
    expect(await row.textContent()).toContain('server0');
    await row.click();
    await linked.getByTestId('packet-drawer').getByTestId('first-seen').getByText('First seen today').waitFor();
    await screenshot(linked, 'all-past-drawer', false);
    await linked.keyboard.press('Escape');
    await linked.keyboard.press('Escape');
    await linked.getByTestId('group-button').click();
    await linked.getByTestId('conversation-count').getByText('conversations').waitFor();
    await linked.getByTestId('group-button').click();

    await linked.keyboard.press('e');
    const [download] = await Promise.all([
      linked.waitForEvent('download'),
      linked.getByTestId('export-submit').click(),
    ]);
    const path = join(parent, 'export.ndjson');
    await download.saveAs(path);
    const records = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { timestamp_ns: string; interface: string });
    const times = records.map(({ timestamp_ns }) => BigInt(timestamp_ns));
    expect(times).toEqual(times.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
    const blocks = records.map(({ interface: name }) => name).filter((name, i, all) => name !== all[i - 1]);
    expect([records.length, blocks.length]).toEqual([ALL, 3]);
    expect(blocks[1]).toBe('web-2 client0');
    await linked.getByTestId('export-saved').getByText('Without the packets of web-3.').waitFor();
    await linked.keyboard.press('Escape');

    for (const size of [DESKTOP, TABLET, PHONE]) {
      await linked.setViewportSize(size);
      await screenshot(linked, `all-past-rows-${size.width}`, false);
      if (size.width < 1280) await linked.getByRole('tab', { name: 'Top' }).click();
      await top(linked, 'Top sources').first().waitFor();
      let found: string[] = [];
      const fits = async () => {
        found = await misfits(linked);
        return found.length === 0;
      };
      await until(fits, { what: `all to fit ${size.width}`, evidence: () => found.join('\n') });
      expect(await axeViolations(linked)).toEqual([]);
      await screenshot(linked, `all-past-${size.width}`, false);
    }
    await linked.setViewportSize(DESKTOP);

    await linked.keyboard.press('t');
    await linked.getByTestId('past-reach').getByText('web-2: Recorded packets reach back to today').waitFor();
    await linked.getByTestId('past-reach').getByText('web-3: This node has no recorder').waitFor();
    await screenshot(linked, 'all-past-time', false);
    await linked.keyboard.press('Escape');

    // One filter for all nodes; a node that is gone does not hide the others.
    await linked.getByTestId('filter').fill('udp dst port 443');
    await linked.keyboard.press('Enter');
    await untilLoaded(linked, HTTPS);
    await coverage(linked).getByText(`${HTTPS} packets match on 2 of 3 nodes`).waitFor();
    await linked.goBack();
    await untilLoaded(linked, ALL);
    await second.packetlog.end('SIGKILL');
    await linked.getByTestId('missing-nodes').getByText('web-2 is missing').waitFor();
    await linked.getByTestId('filter').fill('udp dst port 53');
    await linked.keyboard.press('Enter');
    await untilLoaded(linked, BEFORE + AFTER);
    await coverage(linked).getByText('on 1 of 3 nodes').waitFor();
    await coverage(linked).getByText('web-2 is not reachable', { exact: true }).waitFor();
    await screenshot(linked, 'all-past-gone', false);

    // One node alone again, and the browser's "back".
    await linked.getByTestId('node-switch').selectOption(first.origin);
    await coverage(linked)
      .getByText(`${BEFORE + AFTER} packets match, complete`)
      .waitFor();
    await linked.goBack();
    await coverage(linked).getByText('on 1 of 3 nodes').waitFor();
    expect(problems).toEqual([]);

    // Another browser does not know the other nodes.
    const stranger = await suite.open(`${first.url}&node=all-nodes&from=${at(from)}&to=${at(to)}&filter=udp`);
    await stranger.page.getByTestId('toasts').getByText('this browser knows only one').waitFor();
    await untilLoaded(stranger.page, BEFORE + AFTER);
    expect(stranger.problems).toEqual([]);
    await third.packetlog.end();
    await serving.end();
  });
});
