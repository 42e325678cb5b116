/** Columns of the live table whose values the loader looks up. Real browser, loader and packets; needs root and chromium. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
// biome-ignore lint/style/noRestrictedImports: the one writer of such files stands beside their reader, for its tests
import { mmdb } from '../../packages/loader/test/support/fake-mmdb.ts';
import { requireRoot } from '../lab/root.ts';
import { receiveUdp, sendUdp } from '../lab/traffic.ts';
import { axeViolations, screenshot } from './chromium.ts';
import { eachWithDashboard } from './dashboard.ts';

describe.skipIf(!requireRoot())('columns that are looked up', () => {
  const suite = eachWithDashboard();
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'packetlog-columns-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function show(page: Page): Promise<void> {
    await page.getByTestId('columns-button').click();
    for (const column of ['process', 'country', 'name']) await page.locator(`[name=column-${column}]`).check();
    await page.keyboard.press('Escape');
  }

  test('name the listener and the country of each row, and what is not looked up', async () => {
    const { client, server, link } = suite.network;
    const geoip = join(directory, 'test.mmdb');
    await writeFile(
      geoip,
      mmdb('Test', { [link.client.ipv4]: { country: { iso_code: 'NZ', names: { en: 'New Zealand' } } } }),
    );
    const { packetlog, url } = await suite.start('--geoip', geoip);
    const { page, problems } = await suite.open(`${url}&filter=udp+src+port+40404`);
    const { port } = await receiveUdp(server, link.server.ipv4);
    const send = (to: number) =>
      sendUdp(client, { address: link.server.ipv4, count: 1, sourcePorts: [40_404], ports: [to] });
    await send(port);
    await page.getByTestId('live-row').first().waitFor();
    expect(await page.locator('[data-field=process]').count()).toBe(0);
    await show(page);
    const cell = (row: number, field: string) => page.getByTestId('live-row').nth(row).locator(`[data-field=${field}]`);
    await cell(0, 'process').getByText('node', { exact: true }).waitFor();
    await cell(0, 'country').getByText('New Zealand').waitFor();
    await cell(0, 'name').getByText('needs --reverse-dns').waitFor();
    // A row that arrives later is looked up, too.
    await send(53);
    await cell(1, 'process').getByText('node', { exact: true }).waitFor();
    await cell(0, 'process').getByText('—').waitFor();
    await cell(0, 'country').getByText('New Zealand').waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'lookup-columns', false);
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('say that a country needs --geoip', async () => {
    const { client, link } = suite.network;
    const { packetlog, url } = await suite.start();
    const { page } = await suite.open(`${url}&filter=udp`);
    await show(page);
    await sendUdp(client, { address: link.server.ipv4, count: 1, ports: [53] });
    const row = page.getByTestId('live-row').first();
    await row.locator('[data-field=country]').getByText('needs --geoip').waitFor();
    await packetlog.end();
  });
});
