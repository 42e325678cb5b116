/**
 * Top sources of recorded packets by network, AS and country, against what was sent; in the dashboard, an entry filters
 * and denies. Real browser, loader and packets; needs root and chromium.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@packetlog/client';
import type { PastTop } from '@packetlog/common';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
// biome-ignore lint/style/noRestrictedImports: the one writer of such files stands beside their reader, for its tests
import { mmdb } from '../../packages/loader/test/support/fake-mmdb.ts';
import { ethernet, ipv4, ipv6, udp } from '../lab/frame.ts';
import { startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendFrames } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { axeViolations, exact, PHONE, screenshot } from './chromium.ts';
import { eachWithDashboard, TOKEN } from './dashboard.ts';
import { misfits } from './fit.ts';

const PORT = 23;
const IPV6_SERVER = '2001:db8::1';
/** Packets by source. The last twenty are of one AS and one country, each in an entry of its own. */
const SENT: Readonly<Record<string, number>> = {
  '198.51.100.1': 10,
  '198.51.100.2': 20,
  '198.51.100.3': 30,
  '203.0.113.5': 40,
  '203.0.113.200': 50,
  '2001:db8:1::a': 7,
  '2001:db8:1:2::b': 8,
  ...Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`10.77.${i}.7`, 5])),
};
const TOTAL = Object.values(SENT).reduce((sum, packets) => sum + packets, 0);

const as = (number: number, organisation: string) => ({
  autonomous_system_number: number,
  autonomous_system_organization: organisation,
});
const country = (code: string, name: string) => ({ country: { iso_code: code, names: { en: name } } });
const twenty = <Entry>(entry: Entry) =>
  Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`10.77.${i}.0/24`, entry]));

const COUNTRIES = mmdb('Test-Country', {
  '198.51.100.0/24': country('IS', 'Iceland'),
  '203.0.113.0/24': country('NZ', 'New Zealand'),
  ...twenty(country('NZ', 'New Zealand')),
});
const ASES = mmdb('Test-ASN', {
  '198.51.100.0/24': as(64_496, 'Example'),
  '203.0.113.0/24': as(64_496, 'Example'),
  ...twenty(as(64_497, 'Twenty')),
});

describe.skipIf(!requireRoot())('top sources in groups', { timeout: 240_000 }, () => {
  const suite = eachWithDashboard();
  let parent: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'packetlog-groups-'));
    // The core is not root.
    chmodSync(parent, 0o755);
    writeFileSync(join(parent, 'country.mmdb'), COUNTRIES);
    writeFileSync(join(parent, 'asn.mmdb'), ASES);
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  const record = () => ['--record-dir', join(parent, 'record')];
  const geoip = () => ['country', 'asn'].flatMap((name) => ['--geoip', join(parent, `${name}.mmdb`)]);

  async function send(): Promise<void> {
    const { client, server } = suite.network.link;
    const frames = Object.entries(SENT).flatMap(([src, packets]) => {
      const content = udp({ dst: PORT });
      const packet = src.includes(':')
        ? ipv6({ src, dst: server.ipv6 ?? IPV6_SERVER }, content)
        : ipv4({ src, dst: server.ipv4 }, content);
      return new Array<Uint8Array>(packets).fill(ethernet(packet));
    });
    expect((await sendFrames(client, frames)).sent).toBe(TOTAL);
  }

  async function query(...args: string[]) {
    const command = ['query', '--dir', join(parent, 'record'), '--print', 'json', ...args, 'udp'];
    const process = suite.own(startPacketlog(suite.network.server, { args: command }));
    await process.exited;
    const { stdout, stderr } = process;
    const rows = stdout.split('\n').filter((line) => line !== '');
    return { rows: rows.map((line) => JSON.parse(line) as Record<string, string | number>), stderr };
  }

  /** Sends, and resolves with a range that has all packets on the disk. */
  async function recorded(origin: string) {
    const from_ms = Date.now() - 1000;
    await send();
    await using client = await connect(origin, { token: TOKEN });
    const range = { from_ms, to_ms: Date.now() + 60_000, filter: 'udp' };
    const packets = async () => (await client.past.rates({ ...range, max_steps: 1 })).coverage.packets;
    await until(async () => (await packets()) === TOTAL, { what: 'all packets on the disk' });
    const top = (group: 'network' | 'as' | 'country', limit = 3) => client.past.top({ ...range, group, limit });
    const [network, byAs, byCountry] = [await top('network'), await top('as'), await top('country', 2)];
    return { from: from_ms, to: Date.now() + 1, network, as: byAs, country: byCountry };
  }

  const listed = ({ groups }: PastTop) =>
    groups?.entries.map(({ name, packets, sources, networks }) => [name, packets, sources, networks]);

  test('have exact sums over all sources, with the networks that have them', async () => {
    const { packetlog, origin } = await suite.start(...record(), ...geoip());
    const tops = await recorded(origin);
    expect(listed(tops.network)).toEqual([
      ['203.0.113.0/24', 90, 2, ['203.0.113.0/24']],
      ['198.51.100.0/24', 60, 3, ['198.51.100.0/24']],
      ['2001:db8:1::/48', 15, 2, ['2001:db8:1::/48']],
    ]);
    expect(tops.network.groups).toMatchObject({ distinct: 23, others: { packets: 100 } });
    expect(listed(tops.as)).toEqual([
      ['AS64496', 150, 5, ['198.51.100.0/24', '203.0.113.0/24']],
      ['AS64497', 100, 20, undefined],
      ['', 15, 2, [expect.stringContaining(':')]],
    ]);
    expect(tops.as.groups).toMatchObject({ distinct: 3, others: { packets: 0 } });
    expect(tops.as.groups?.entries[0]).toMatchObject({ title: 'Example' });
    expect(listed(tops.country)).toEqual([
      ['NZ', 190, 22, undefined],
      ['IS', 60, 3, ['198.51.100.0/24']],
    ]);
    expect(tops.country.groups).toMatchObject({ distinct: 3, others: { packets: 15 } });

    const ases = await query('--top', 'source-as', ...geoip());
    expect(ases.rows.map(({ as: name, organisation, packets }) => [name, organisation, packets])).toEqual([
      ['AS64496', 'Example', 150],
      ['AS64497', 'Twenty', 100],
      ['unknown', undefined, 15],
    ]);
    const networks = await query('--top', 'source-network', '--limit', '2');
    expect(networks.rows.map(({ network, packets }) => [network, packets])).toEqual([
      ['203.0.113.0/24', 90],
      ['198.51.100.0/24', 60],
      ['others', 115],
    ]);
    expect(networks.stderr).toContain('source-network: 23 distinct');
    expect((await query('--top', 'source-country')).stderr).toContain("'--top source-country' needs '--geoip <file>'");
    await packetlog.end();
  });

  const choice = (page: Page) => page.getByTestId('source-grouping');
  const sources = (page: Page) => page.getByRole('region', { name: 'Top sources' });
  const row = (page: Page, text: string) => sources(page).getByTestId('top-row').filter({ hasText: text });
  const packetsOf = (page: Page, text: string) => row(page, text).locator('td.top-rate').getAttribute('title');
  const filter = (page: Page) => page.getByTestId('filter').inputValue();

  test('filter by a network, an AS or a country, and the choice is kept', async () => {
    const { packetlog, origin, url } = await suite.start(...record(), ...geoip());
    const { from, to } = await recorded(origin);
    const range = `&from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}&filter=udp`;
    const { page, problems } = await suite.open(`${url}${range}`);
    await row(page, '203.0.113.200').waitFor();

    await choice(page).selectOption('network');
    await row(page, '203.0.113.0/24').getByText('2 sources').waitFor();
    expect(await packetsOf(page, '203.0.113.0/24')).toBe('90 packets');
    expect(await packetsOf(page, '198.51.100.0/24')).toBe('60 packets');
    await sources(page).getByText('23 networks').waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'source-networks', false);
    await row(page, '198.51.100.0/24').getByRole('button').first().click();
    await until(async () => (await filter(page)) === 'udp and src net 198.51.100.0/24', { what: 'the filter' });
    await sources(page).getByText('1 network', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Remove the condition src net 198.51.100.0/24' }).click();

    // From the palette; the page remembers it.
    await page.getByTestId('filter').blur();
    await page.keyboard.press('Control+k');
    await page.getByTestId('palette').waitFor();
    await page.keyboard.type('sources by AS');
    await page.getByRole('option', { name: 'Top sources by AS' }).waitFor();
    await page.keyboard.press('Enter');
    await row(page, 'AS64496').getByText('Example, 5 sources').waitFor();
    await page.reload();
    await row(page, 'AS64496').getByText('Example, 5 sources').waitFor();
    expect(await choice(page).inputValue()).toBe('as');
    expect(await packetsOf(page, 'AS64496')).toBe('150 packets');
    expect(await packetsOf(page, 'unknown AS')).toBe('15 packets');
    await screenshot(page, 'source-ases', false);
    // It is marked as disabled, and says why when it is pressed.
    await row(page, 'AS64497').getByRole('button').first().click({ force: true });
    await page
      .getByText('Not added to the filter: AS64497 has too many networks to filter by: more than 16.')
      .waitFor();
    expect(await filter(page)).toBe('udp');
    await row(page, 'AS64496').getByRole('button').first().click();
    const both = 'src net 198.51.100.0/24 or src net 203.0.113.0/24';
    await until(async () => (await filter(page)) === `udp and (${both})`, { what: 'the filter' });
    await page.getByTestId('past-coverage').getByText('150 packets match').waitFor();
    await page.getByRole('button', { name: `Remove the condition ${both}` }).waitFor();

    await choice(page).selectOption('country');
    await row(page, 'NZ').getByText('New Zealand, 2 sources').waitFor();
    expect(await packetsOf(page, 'NZ')).toBe('90 packets');
    expect(await packetsOf(page, 'IS')).toBe('60 packets');
    await page.getByRole('button', { name: `Remove the condition ${both}` }).click();
    await row(page, 'NZ').getByText('22 sources').waitFor();
    expect(await axeViolations(page)).toEqual([]);
    for (const [width, height] of [
      [1440, 900],
      [PHONE.width, PHONE.height],
    ] as const) {
      await page.setViewportSize({ width, height });
      if (width < 1280) await page.getByRole('tab', { name: 'Top' }).click();
      await row(page, 'NZ').waitFor();
      let found: string[] = [];
      const fits = async () => {
        found = await misfits(page);
        return found.length === 0;
      };
      await until(fits, { what: `all to fit ${width} by ${height}`, evidence: () => found.join('\n') });
      expect(await axeViolations(page)).toEqual([]);
      await screenshot(page, `source-countries-${width}`, false);
    }
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('are grouped live too, and a network and a port can be denied from the lists', async () => {
    const { packetlog, origin, change } = await suite.start(...record());
    const { page, problems } = await suite.open(`${origin}/${change}`);
    await send();
    const ports = page.getByRole('region', { name: 'Top destination ports' }).getByTestId('top-row');
    await ports.filter({ hasText: `${PORT} UDP` }).waitFor();
    await choice(page).selectOption('network');
    await until(async () => (await packetsOf(page, '203.0.113.0/24')) === '90 packets', { what: 'live groups' });
    // Without --geoip.
    await until(async () => (await choice(page).locator('option:disabled').allTextContents()).length === 2, {
      what: 'the page to know that there are no places',
    });
    expect(await choice(page).locator('option:disabled').allTextContents()).toEqual([
      'by AS (needs --geoip)',
      'by country (needs --geoip)',
    ]);
    await screenshot(page, 'source-networks-live', false);

    const preview = page.getByTestId('rule-preview');
    await row(page, '203.0.113.0/24').hover();
    await page.getByRole('button', { name: 'Deny 203.0.113.0/24…' }).click();
    await preview.getByText('Will deny packets from 203.0.113.0/24 for 1 h.').waitFor();
    await page.keyboard.press('Escape');

    await ports.filter({ hasText: `${PORT} UDP` }).hover();
    await page.getByRole('button', { name: `Deny udp port ${PORT} from any source…` }).click();
    await preview.getByText(`Will deny packets from any source to udp port ${PORT} for 1 h.`).waitFor();
    expect(await page.locator('[name=protocol]').inputValue()).toBe('udp');
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'deny-port', false);
    await page.getByRole('dialog').getByRole('button', { name: 'Add rule' }).click();
    await page.getByTestId('toast-undo').waitFor();
    expect(await exact(page, 'total-denied')).toBe(0);
    await send();
    await until(async () => (await exact(page, 'total-denied')) === TOTAL, { what: 'all packets to be denied' });
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('need recorded packets, which the choice says', async () => {
    const { packetlog, url } = await suite.start();
    const { page } = await suite.open(url);
    await send();
    await row(page, '203.0.113.200').waitFor();
    expect(await choice(page).inputValue()).toBe('address');
    expect(await choice(page).locator('option:disabled').allTextContents()).toEqual([
      'by network (needs --record on)',
      'by AS (needs --record on)',
      'by country (needs --record on)',
    ]);
    await packetlog.end();
  });
});
