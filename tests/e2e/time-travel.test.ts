/** Recorded packets in the dashboard. Real browser, loader and packets; needs root and chromium. */
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { recordsIn } from '../lab/recorded.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { axeViolations, exact, PHONE, screenshot } from './chromium.ts';
import { eachWithDashboard } from './dashboard.ts';
import { misfits } from './fit.ts';

const DNS = 300;
const HTTPS = 50;
/** More than the first answer has. */
const MANY = 1200;

describe.skipIf(!requireRoot())('recorded packets', { timeout: 240_000 }, () => {
  const suite = eachWithDashboard();
  let parent: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'packetlog-travel-'));
    // The core is not root.
    chmodSync(parent, 0o755);
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  const directory = () => join(parent, 'record');
  const record = () => suite.start('--record-dir', directory());
  const send = (count: number, port: number) =>
    sendUdp(suite.network.client, { address: suite.network.link.server.ipv4, count, ports: [port] });
  const at = (ms: number) => new Date(ms).toISOString();
  const top = (page: Page, title: string) => page.getByRole('region', { name: title }).getByTestId('top-row');
  const loaded = async (page: Page) => Number(await page.getByTestId('table-state').getAttribute('data-loaded'));
  const untilLoaded = (page: Page, rows: number) =>
    until(async () => (await loaded(page)) === rows, {
      what: `${rows} recorded rows`,
    });
  const coverage = (page: Page) => page.getByTestId('past-coverage');
  const hashOf = (page: Page) => new URLSearchParams(new URL(page.url()).hash.slice(1));

  /** Sends packets to port 53, and later to port 443. Returns the range of the first. */
  async function twoTimes(page: Page): Promise<{ from: number; to: number }> {
    const from = Date.now() - 1;
    await send(DNS, 53);
    const to = Date.now() + 1;
    // The two ranges must not share a second of the chart.
    await until(async () => Date.now() > to + 2_000, { what: 'another second' });
    await send(HTTPS, 443);
    await until(async () => (await exact(page, 'total-seen')) >= DNS + HTTPS, { what: 'all packets to be counted' });
    // A range that ends now has what is on the disk now.
    await until(async () => recordsIn(directory()) >= DNS + HTTPS, { what: 'all packets on the disk' });
    return { from, to };
  }

  test('a link shows a range with its filter in chart, rows, lists and drawer, and Escape returns to live', async () => {
    const { packetlog, url } = await record();
    const first = await suite.open(url);
    const { from, to } = await twoTimes(first.page);

    const link = `${url}&from=${at(from)}&to=${at(to)}&filter=udp`;
    const { page, problems } = await suite.open(link);
    await untilLoaded(page, DNS);
    await coverage(page).getByText(`${DNS} packets match, complete`).waitFor();
    await top(page, 'Top destination ports').filter({ hasText: '53 UDP domain' }).waitFor();
    expect(await top(page, 'Top destination ports').count()).toBe(1);
    await page.getByText('1 source', { exact: true }).waitFor();
    expect(hashOf(page).get('token')).toBeNull();
    expect([Date.parse(hashOf(page).get('from') ?? ''), Date.parse(hashOf(page).get('to') ?? '')]).toEqual([from, to]);

    // What arrives is counted, and changes nothing of the range.
    const seen = await exact(page, 'total-seen');
    await send(HTTPS, 443);
    await until(async () => (await exact(page, 'total-seen')) >= seen + HTTPS, { what: 'the strip to count on' });
    expect(await loaded(page)).toBe(DNS);

    await page.getByTestId('live-row').first().click();
    await page.getByTestId('packet-drawer').getByTestId('first-seen').getByText('First seen today').waitFor();
    await screenshot(page, 'past-drawer', false);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.getByTestId('group-button').click();
    await page.getByTestId('conversation-count').getByText('1 conversation').waitFor();
    await page.getByTestId('group-button').click();

    // One filter for all; the browser's "back" undoes it.
    await page.getByTestId('filter').fill('udp dst port 443');
    await page.keyboard.press('Enter');
    await untilLoaded(page, 0);
    await page.getByText('No recorded packet of this range matches the filter.').waitFor();
    await coverage(page).getByText('no packets match').waitFor();
    await page.getByText('No packets match.').first().waitFor();
    await page.goBack();
    await untilLoaded(page, DNS);
    expect(await page.getByTestId('filter').inputValue()).toBe('udp');
    expect(await axeViolations(page)).toEqual([]);

    await page
      .getByTestId('live-table')
      .focus()
      .catch(() => {});
    await page.locator('body').click({ position: { x: 4, y: 4 } });
    await page.keyboard.press('Escape');
    await page.getByTestId('past-range').waitFor({ state: 'detached' });
    expect(hashOf(page).get('from')).toBeNull();
    await page.locator('[data-testid=table-state][data-state=follow]').waitFor();
    await page.getByTestId('live-row').filter({ hasText: '443' }).first().waitFor();
    await page.goBack();
    await untilLoaded(page, DNS);
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('with a filter, the live chart and lists show matching packets; a click on an entry adds it', async () => {
    const { packetlog, url } = await record();
    const { page, problems } = await suite.open(url);
    await twoTimes(page);
    await top(page, 'Top destination ports').filter({ hasText: '53 UDP domain' }).waitFor();
    await top(page, 'Top destination ports').filter({ hasText: '443' }).getByRole('button').first().click();
    await page.locator('[data-testid=rate-chart][data-recorded=true][aria-busy=false]').waitFor();
    await top(page, 'Top destination ports').filter({ hasText: '53 UDP domain' }).waitFor({ state: 'detached' });
    await until(
      async () => (await page.getByTestId('chart-text').textContent())?.startsWith(`${HTTPS} packets`) ?? false,
      {
        what: 'the chart to count the matching packets',
      },
    );
    expect(await page.getByTestId('filter').inputValue()).toBe('udp and dst port 443');
    await page.getByTestId('compared').selectOption('day');
    await page.getByTestId('chart-text').getByText('the same time yesterday').waitFor();
    await page.getByRole('button', { name: 'Remove the condition udp' }).click();
    expect(await page.getByTestId('filter').inputValue()).toBe('dst port 443');
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'past-live-filter', false);
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('a time is typed or dragged, stepped and exported, on every screen', async () => {
    const { packetlog, url } = await record();
    const { page, problems } = await suite.open(url);
    const { from, to } = await twoTimes(page);

    await page.keyboard.press('t');
    await page.getByTestId('past-reach').getByText('Recorded packets reach back to today').waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await page.getByLabel('Time or range').fill('the day before');
    await page.getByTestId('show-time').click();
    await page.getByText('Not a time of the past.').waitFor();
    await page.getByLabel('Time or range').fill('-1h');
    await screenshot(page, 'past-time', false);
    await page.keyboard.press('Enter');
    await coverage(page).getByText('packets').waitFor();
    await until(async () => (await loaded(page)) >= DNS + HTTPS, { what: 'all recorded rows' });
    for (const [width, height] of [
      [1440, 900],
      [1024, 768],
      [PHONE.width, PHONE.height],
    ] as const) {
      await page.setViewportSize({ width, height });
      if (width < 1280) await page.getByRole('tab', { name: 'Top' }).click();
      await top(page, 'Top sources').first().waitFor();
      let found: string[] = [];
      const fits = async () => {
        found = await misfits(page);
        return found.length === 0;
      };
      await until(fits, { what: `all to fit ${width} by ${height}`, evidence: () => found.join('\n') });
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      expect(await axeViolations(page)).toEqual([]);
      await screenshot(page, `past-${width}`, false);
    }
    await page.setViewportSize({ width: 1440, height: 900 });

    // From the palette, with seconds; then to the time before, which has no packets.
    const clock = (ms: number) => new Date(ms).toTimeString().slice(0, 8);
    await page.keyboard.press('Control+k');
    // Loaded when it is first opened; until then, the letters would be shortcuts of the page.
    await page.getByTestId('palette').waitFor();
    await page.keyboard.type(`${clock(from)}-${clock(to + 1000)}`);
    await page
      .getByRole('option', { name: /^Show / })
      .first()
      .waitFor();
    await page.keyboard.press('Enter');
    await page.getByTestId('filter').fill('udp dst port 53');
    await page.keyboard.press('Enter');
    await untilLoaded(page, DNS);
    await page.getByTestId('filter').blur();

    await page.keyboard.press('e');
    await page.getByText('recorded packets', { exact: true }).waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('export-submit').click()]);
    const path = join(parent, 'export.ndjson');
    await download.saveAs(path);
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    expect(lines).toHaveLength(DNS);
    expect(new Set(lines.map((line) => (JSON.parse(line) as { dst_port: number }).dst_port))).toEqual(new Set([53]));
    await page.getByTestId('export-saved').getByText('all recorded packets of the range').waitFor();
    await page.keyboard.press('Escape');

    const shown = () => page.getByTestId('past-range').textContent();
    const before = await shown();
    await page.keyboard.press('[');
    await coverage(page).getByText('no packets match').waitFor();
    await page.keyboard.press(']');
    await coverage(page).getByText(`${DNS} packets match`).waitFor();
    expect(await shown()).toBe(before);
    await page.keyboard.press('z');
    await until(async () => (await shown()) !== before, { what: 'a longer range' });
    await coverage(page).getByText(`${DNS} packets match`).waitFor();

    // A range that is dragged in the live chart is zoomed into, in the rows as well.
    await page.keyboard.press('l');
    await page.getByTestId('past-range').waitFor({ state: 'detached' });
    const box = await page.getByTestId('rate-chart').locator('.u-over').first().boundingBox();
    if (box === null) throw new Error('the chart is not on the screen');
    const y = box.y + box.height / 2;
    await page.mouse.move(box.x + box.width * 0.1, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, y, { steps: 4 });
    await page.mouse.move(box.x + box.width - 2, y, { steps: 4 });
    await page.mouse.up();
    await page.getByTestId('past-range').waitFor();
    await untilLoaded(page, DNS);
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('older rows are loaded as the table is scrolled', async () => {
    const { packetlog, url } = await record();
    const first = await suite.open(url);
    const from = Date.now() - 1;
    await send(MANY, 53);
    await until(async () => (await exact(first.page, 'total-seen')) >= MANY, { what: 'all packets to be counted' });
    const link = `${url}&from=${at(from)}&to=${at(Date.now())}&filter=udp`;
    const { page, problems } = await suite.open(link);
    await page.locator('[data-testid=table-state][data-step=more]').waitFor();
    const before = await loaded(page);
    expect(before).toBeLessThan(MANY);
    let said = '';
    const scrollTo = (top: string) =>
      page.evaluate(`document.querySelector('[data-testid=live-table] .table-body').scrollTop = ${top}`);
    const newest = await page.getByTestId('live-row').first().textContent();
    await until(
      async () => {
        await scrollTo('1e9');
        said = (await page.getByTestId('table-state').textContent()) ?? '';
        return (await loaded(page)) === MANY;
      },
      { what: 'all rows to be loaded', evidence: () => said },
    );
    await page.locator('[data-testid=table-state][data-step=complete]').waitFor();
    await scrollTo('0');
    await until(async () => (await page.getByTestId('live-row').first().textContent()) === newest, {
      what: 'the newest row',
      evidence: () => said,
    });
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('without a recorder, the page says what filter and range apply to', async () => {
    const { packetlog, url } = await suite.start();
    const { page, problems } = await suite.open(`${url}&filter=udp`);
    await send(HTTPS, 443);
    const line = page.getByTestId('applied-line');
    await line.getByText('when this filter was first applied; complete').waitFor();
    expect(await page.getByTestId('compared').count()).toBe(0);
    await page.getByTestId('filter').fill('');
    await page.keyboard.press('Enter');
    await line.waitFor({ state: 'detached' });
    await page.getByTestId('filter').blur();
    await page.keyboard.press('t');
    await page.getByTestId('past-reach').getByText('Nothing is recorded').waitFor();
    await page.getByLabel('Time or range').fill('-30m');
    await page.keyboard.press('Enter');
    await line.getByText('Chart and top lists only: the rows are live, because nothing is recorded.').waitFor();
    await page.getByTestId('live-row').filter({ hasText: '443' }).first().waitFor();
    expect(await axeViolations(page)).toEqual([]);
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('a range is bookmarked, opened and removed; a rule is tried on it', async () => {
    const { packetlog, origin, change } = await record();
    const { page, problems } = await suite.open(`${origin}/${change}`);
    const { from, to } = await twoTimes(page);
    await page.goto(`${origin}/#from=${at(from)}&to=${at(to)}&filter=udp`);
    await untilLoaded(page, DNS);

    await page.keyboard.press('b');
    await page.getByLabel('Note').fill('scan of the name server');
    expect(await axeViolations(page)).toEqual([]);
    await page.getByTestId('bookmark-submit').click();
    await page.getByText('Bookmarked.').waitFor();
    await page.keyboard.press('l');
    await page.getByTestId('past-range').waitFor({ state: 'detached' });
    await page.keyboard.press('t');
    const bookmarks = page.getByTestId('bookmarks').getByRole('listitem');
    await bookmarks.filter({ hasText: 'scan of the name server' }).waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'past-bookmarks', false);
    await bookmarks.getByRole('button', { name: /^scan of the name server/ }).click();
    await untilLoaded(page, DNS);

    await top(page, 'Top sources').first().hover();
    await top(page, 'Top sources').first().getByRole('button', { name: /^Deny/ }).click();
    await page.getByRole('heading', { name: 'Deny this source' }).waitFor();
    await page.getByRole('button', { name: 'shown range' }).click();
    const report = page.getByTestId('past-dry-run-report');
    await report.getByText(`Would have denied ${DNS} packets of 1 source`).waitFor();
    await report.getByText(/complete\./).waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'past-dry-run', false);
    await page.keyboard.press('Escape');

    await page.keyboard.press('t');
    await bookmarks.getByRole('button', { name: /^Remove/ }).click();
    await bookmarks.first().waitFor({ state: 'detached' });
    expect(problems).toEqual([]);
    await packetlog.end();
  });
});
