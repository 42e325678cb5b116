/** Filters over chart and top lists without a recorder. Real browser, loader and packets; needs root and chromium. */
import { connect, type PacketLogClient } from '@packetlog/client';
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { axeViolations, exact, PHONE, screenshot, untilApplied } from './chromium.ts';
import { eachWithDashboard, TOKEN } from './dashboard.ts';
import { misfits } from './fit.ts';

const FILTER = 'udp dst port 53';
const BEFORE = 40;
const DNS = 300;
const HTTPS = 50;
const MORE = 20;
/** Filters of read-only clients. */
const MAX_FILTERS = 6;

describe.skipIf(!requireRoot())('live sums of a filter', { timeout: 180_000 }, () => {
  const suite = eachWithDashboard();
  const clients: PacketLogClient[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
  });

  const send = (count: number, port: number) =>
    sendUdp(suite.network.client, { address: suite.network.link.server.ipv4, count, ports: [port] });
  const since = (page: Page) => page.getByTestId('since-applied');
  /** Returns -1 while the page has no sums. */
  const matched = async (page: Page) => {
    const sums = page.locator('[data-testid=since-applied][data-packets]');
    return (await sums.count()) === 0 ? -1 : Number(await sums.getAttribute('data-packets'));
  };
  const untilMatched = async (page: Page, packets: number) => {
    let last = -1;
    const isMatched = async () => {
      last = await matched(page);
      return last === packets;
    };
    await until(isMatched, { what: `${packets} packets to match`, evidence: () => `${last} do` });
  };
  const applyFilter = async (page: Page, filter: string) => {
    await page.getByTestId('filter').fill(filter);
    await page.keyboard.press('Enter');
    await untilApplied(page, filter);
  };
  const top = (page: Page, title: string) => page.getByRole('region', { name: title }).getByTestId('top-row');
  /** Label and exact number of packets of each row. */
  const rows = (page: Page, title: string) =>
    top(page, title).evaluateAll((all) =>
      all.map((row) => [
        row.querySelector('.top-filter')?.getAttribute('title')?.split('. Press')[0],
        row.querySelector('.top-rate')?.getAttribute('title'),
      ]),
    );

  test('chart and top lists show exactly the packets that match since the filter was applied, for all pages', async () => {
    const { packetlog, url } = await suite.start('--sample', 'off');
    const first = await suite.open(url);
    await send(BEFORE, 53);
    await send(HTTPS, 443);
    await until(async () => (await exact(first.page, 'total-seen')) >= BEFORE + HTTPS, {
      what: 'packets to be counted',
    });

    await applyFilter(first.page, FILTER);
    await untilMatched(first.page, 0);
    await send(DNS, 53);
    await send(HTTPS, 443);
    await untilMatched(first.page, DNS);
    const { client, server } = suite.network.link;
    const wanted = `${DNS} packets`;
    expect(await since(first.page).textContent()).toMatch(
      new RegExp(`^Chart and top lists: ${DNS} packets match since .*, when this filter was first applied; complete$`),
    );
    await first.page.getByTestId('chart-text').getByText(`${DNS} packets,`).waitFor();
    await until(async () => (await rows(first.page, 'Top sources'))[0]?.[1] === wanted, { what: 'the top lists' });
    expect(await rows(first.page, 'Top sources')).toEqual([[client.ipv4, wanted]]);
    expect(await rows(first.page, 'Top destination ports')).toEqual([['53', wanted]]);
    expect(await rows(first.page, 'Top address pairs')).toEqual([[`${client.ipv4} → ${server.ipv4}`, wanted]]);
    expect(await first.page.getByRole('region', { name: 'Protocols' }).count()).toBe(0);
    expect(await axeViolations(first.page)).toEqual([]);
    expect(await misfits(first.page)).toEqual([]);
    await screenshot(first.page, 'live-sums', false);

    // Another page with the same filter, in other words, joins the same sums.
    const second = await suite.open(`${url}&filter=${encodeURIComponent('dst port domain and udp')}`);
    await untilMatched(second.page, DNS);
    expect(await since(second.page).textContent()).toBe(await since(first.page).textContent());
    expect(first.problems).toEqual([]);
    await first.page.context().close();
    await send(MORE, 53);
    await untilMatched(second.page, DNS + MORE);

    const { page } = second;
    // A range of the past ends with a whole second.
    const countedAt = Date.now();
    await until(async () => Date.now() > countedAt + 2000, { what: 'another second' });
    await page.getByTestId('filter').blur();
    await page.keyboard.press('t');
    await page.getByLabel('Time or range').fill('-10m');
    await page.keyboard.press('Enter');
    const coverage = page.getByTestId('past-coverage');
    await coverage.getByText(`${DNS + MORE} packets match, not counted before`).waitFor();
    await page.getByTestId('applied-line').getByText('The rows are live, because nothing is recorded.').waitFor();
    await page.locator('body').click({ position: { x: 4, y: 4 } });
    await page.keyboard.press('Escape');
    await untilMatched(page, DNS + MORE);

    await page.setViewportSize(PHONE);
    await since(page).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'live-sums-phone', false);

    // Without a filter, all packets are shown again, and the sums are forgotten with their last page.
    await page.setViewportSize({ width: 1440, height: 900 });
    await applyFilter(page, '');
    await since(page).waitFor({ state: 'detached' });
    await top(page, 'Top destination ports').filter({ hasText: '443' }).first().waitFor();
    await applyFilter(page, FILTER);
    await untilMatched(page, 0);
    expect(second.problems).toEqual([]);
    await packetlog.end();
  });

  test('the limit of filters is reported, and ends with the filter of another client', async () => {
    const { packetlog, url, origin } = await suite.start('--sample', 'off');
    const range = { from_ms: 0, to_ms: Date.now() + 3_600_000 };
    for (let port = 1; port <= MAX_FILTERS; port++) {
      const client = await connect(origin, { token: TOKEN });
      clients.push(client);
      await client.live.rates({ ...range, filter: `port ${port}` });
    }
    const { page, problems } = await suite.open(`${url}&filter=${encodeURIComponent(FILTER)}`);
    await since(page).getByText(`The limit of ${MAX_FILTERS} filters with live sums is reached`).waitFor();
    await page
      .getByRole('region', { name: 'Top sources' })
      .getByText('Not available: the line above the chart says why.')
      .waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'live-sums-limit', false);

    expect(await clients[0]?.live.end()).toBe(true);
    await untilMatched(page, 0);
    await send(DNS, 53);
    await untilMatched(page, DNS);
    // The other clients have had none of these.
    const others = await clients[1]?.live.rates({ ...range, filter: 'port 2' });
    expect(others?.total).toMatchObject({ packets: 0, missing: [] });
    expect(problems).toEqual([]);
    await packetlog.end();
  });
});
