/** One packet explained: by keyboard and pointer, with names, as filters, as text. Needs root and chromium. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
// biome-ignore lint/style/noRestrictedImports: the one writer of such files stands beside their reader, for its tests
import { mmdb } from '../../packages/loader/test/support/fake-mmdb.ts';
import { requireRoot } from '../lab/root.ts';
import { receiveUdp, sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { axeViolations, PHONE, screenshot, untilApplied } from './chromium.ts';
import { eachWithDashboard } from './dashboard.ts';

describe.skipIf(!requireRoot())('the drawer of a packet', () => {
  const suite = eachWithDashboard();
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'packetlog-drawer-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  test('explains each field, looks up addresses and listeners, and filters by values', async () => {
    const { client, server, link } = suite.network;
    const geoip = join(directory, 'test.mmdb');
    const place = { country: { iso_code: 'NZ', names: { en: 'New Zealand' } }, asn: 'AS64496', as_name: 'Example' };
    await writeFile(geoip, mmdb('Test', { [link.client.ipv4]: place }));
    const { url } = await suite.start('--geoip', geoip);
    // The hosts' own traffic must not add rows.
    const { page, problems } = await suite.open(`${url}&filter=udp+src+port+40404`);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    // Top lists have the packets from here on.
    await page.getByText('when this filter was first applied').waitFor();
    const { port } = await receiveUdp(server, link.server.ipv4);
    const send = (to: number, count: number) =>
      sendUdp(client, { address: link.server.ipv4, count, sourcePorts: [40_404], ports: [to], payloadBytes: 32 });
    await send(port, 3);
    await send(53, 1);
    const rows = page.locator('[data-testid=live-row]');
    await until(async () => (await rows.count()) === 4, { what: '4 rows' });
    await page.keyboard.press('Space');

    const drawer = page.getByTestId('packet-drawer');
    const field = (name: string) => drawer.locator(`[data-testid=packet-field][data-field=${name}]`);
    const said = async (name: string) =>
      (await field(name).locator('dd').textContent())?.replace('only thiswithout this', '');
    await page.locator('.table-body').focus();
    const current = page.locator('[data-testid=live-row][aria-current=true]');
    await page.keyboard.press('ArrowDown');
    await current.getByText('53', { exact: true }).waitFor();
    expect(await current.locator('.service').textContent()).toBe('domain');
    await page.keyboard.press('Enter');
    await drawer.waitFor();
    expect(await drawer.getByRole('heading', { level: 2 }).textContent()).toBe('Permitted: UDP');
    expect(await said('destination_port')).toMatch(/^53The default port of domain;/);
    await page.getByTestId('packet-listener').getByText('No process on that machine listens on this port.').waitFor();

    // The next older packet, with the focus inside the drawer.
    await page.keyboard.press('ArrowDown');
    await until(async () => (await said('destination_port'))?.startsWith(String(port)), { what: 'the next packet' });
    await page
      .getByTestId('packet-listener')
      .getByText(/^node \(pid \d+\) listens on this port. inferred$/)
      .waitFor();
    expect(await said('source')).toContain(link.client.ipv4);
    expect(await field('source').getByTestId('packet-place').textContent()).toBe('New Zealand, AS64496 Example');
    expect(await field('destination').getByTestId('packet-place').count()).toBe(0);
    expect(await said('action')).toBe('permitPassed to the network stack.');
    expect(await said('protocol')).toMatch(/^UDP \(17\)/);
    expect(await said('length')).toMatch(/^74 bytes/);
    expect(await said('interface')).toContain(link.server.device);
    expect(await said('weight')).toMatch(/^1This row represents one packet/);
    expect(await said('time')).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:]+\.\d{9}ZWhen .*\d s ago, local time [\d:.]+ \(UTC.*\)\.$/,
    );
    await page
      .getByRole('rowheader', { name: `${link.client.ipv4} NZ` })
      .first()
      .waitFor();
    expect(await current.locator('.service').count()).toBe(0);
    // Names are looked up on request only, and only if the loader was started with --reverse-dns.
    await field('source')
      .getByRole('button', { name: /^Look up name/ })
      .click();
    await field('source').getByText('Start the loader with --reverse-dns.').waitFor();
    await screenshot(page, 'drawer');
    expect(await axeViolations(page)).toEqual([]);

    await page.keyboard.press('Shift+C');
    await page.getByTestId('toasts').getByText('Copied the packet as JSON.').waitFor();
    const copied = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(JSON.parse(copied)).toMatchObject({
      src_addr: link.client.ipv4,
      dst_port: port,
      interface: link.server.device,
    });
    await page.keyboard.press('c');
    await page.getByTestId('toasts').getByText('as a line of text').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(/Z permit .*:40404 -> .* UDP, 74 bytes, on /);

    await field('destination_port')
      .getByRole('button', { name: /^Only this/ })
      .click();
    expect(await page.getByTestId('filter').inputValue()).toBe(`udp and src port 40404 and dst port ${port}`);
    await until(async () => (await rows.count()) === 3, { what: '3 rows' });
    expect(await said('destination_port')).toMatch(new RegExp(`^${port}`));
    await field('source_port')
      .getByRole('button', { name: /^Without this/ })
      .click();
    await until(
      async () => (await page.getByTestId('filter').inputValue()) === `udp and dst port ${port} and not src port 40404`,
      { what: 'the filter without the port' },
    );
    // The filter excluded the packet.
    await drawer.waitFor({ state: 'detached' });
    expect(await rows.count()).toBe(0);

    // On a phone it opens from below; Escape closes it, then clears the selection.
    await page.evaluate("location.hash = ''");
    await untilApplied(page);
    await page.keyboard.press('Space');
    await page.locator('[data-testid=table-state][data-state=follow]').waitFor();
    await page.setViewportSize(PHONE);
    await send(port, 2);
    await rows.first().click();
    await drawer.waitFor();
    await screenshot(page, 'drawer-phone');
    expect(await axeViolations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.className')).toBe('table-body');
    expect(await current.count()).toBe(1);
    await page.keyboard.press('Escape');
    await current.waitFor({ state: 'detached' });
    expect(problems).toEqual([]);
  });
});
