/** The keyboard in the dashboard: palette, help, undo, export, Tab. Real browser, loader and packets; needs root, chromium. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { axeViolations, exact, PHONE, screenshot } from './chromium.ts';
import { eachWithDashboard } from './dashboard.ts';
import { tabThrough } from './tab-stops.ts';

describe.skipIf(!requireRoot())('the keyboard', () => {
  const suite = eachWithDashboard();

  async function start(): Promise<{ page: Page; problems: string[] }> {
    const { origin, change } = await suite.start('--pin', 'never');
    return suite.open(`${origin}/${change}`);
  }

  const send = async (port: number, count: number) => {
    const { client, link } = suite.network;
    const { sent } = await sendUdp(client, { address: link.server.ipv4, count, ports: [port] });
    expect(sent).toBe(count);
  };

  test('every command runs from the palette and by its key', async () => {
    const { page, problems } = await start();
    const { keyboard } = page;
    const state = page.getByTestId('table-state');
    const palette = page.getByTestId('palette');
    const chosen = () => page.locator('[data-testid=palette] [aria-selected=true]').textContent();
    const command = async (letters: string) => {
      await keyboard.press('Control+k');
      await palette.waitFor();
      await keyboard.type(letters);
      await keyboard.press('Enter');
      await palette.waitFor({ state: 'detached' });
    };
    const stateIs = (wanted: string) => page.locator(`[data-testid=table-state][data-state=${wanted}]`).waitFor();
    await send(53, 5);
    await page.getByTestId('live-row').nth(4).waitFor();

    // The focus moves into the palette, and back when it closes.
    await page.getByTestId('pause-button').focus();
    await keyboard.press('Control+k');
    await palette.waitFor();
    expect(await page.evaluate('document.activeElement.getAttribute("role")')).toBe('combobox');
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'palette');
    await keyboard.type('udp port 53');
    expect(await chosen()).toContain('Show only: udp port 53');
    await keyboard.press('Escape');
    await palette.waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.dataset.testid')).toBe('pause-button');

    await command('pau');
    await stateIs('paused');
    await page.locator('[data-testid=live-table] .table-body').focus();
    await keyboard.press('Space');
    await stateIs('follow');

    // The last command is listed first.
    await keyboard.press('Control+k');
    await palette.getByRole('group', { name: 'Recently used' }).getByText('Pause the rows').waitFor();
    await keyboard.press('ArrowDown');
    await keyboard.press('ArrowUp');
    expect(await chosen()).toContain('Pause the rows');
    await keyboard.press('Control+k');
    await palette.waitFor({ state: 'detached' });

    // A filter is applied from the palette and removed by a command; undo applies to rules only.
    await command('port 53');
    await until(() => new URL(page.url()).hash === '#filter=port+53', { what: 'the filter in the address' });
    await command('remove filter');
    await until(() => new URL(page.url()).hash === '', { what: 'no filter in the address' });
    await keyboard.press('u');
    await page.getByTestId('toasts').getByText('Nothing to undo: no rule was changed.').waitFor();
    expect(new URL(page.url()).hash).toBe('');

    // Two keys open a page; a rule is added there and undone.
    await keyboard.press('g');
    await keyboard.press('r');
    await page.waitForURL('**/rules');
    await keyboard.press('g');
    await keyboard.press('l');
    await page.waitForURL(/\/$/);
    await keyboard.press('a');
    await page.locator('[name=source]').fill('198.51.100.7');
    await page.locator('[name=reason]').fill('to be undone');
    await keyboard.press('Enter');
    await page.getByTestId('rule-row').waitFor();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await keyboard.press('u');
    await page.getByTestId('rule-row').waitFor({ state: 'detached' });

    // Letters are text in a field, and do nothing while single-key shortcuts are off.
    await keyboard.press('?');
    const help = page.getByRole('dialog', { name: 'Keyboard shortcuts and filter examples' });
    await help.waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'help');
    await page.getByTestId('character-keys').uncheck();
    await keyboard.press('Escape');
    await help.waitFor({ state: 'detached' });
    await keyboard.press('?');
    await command('keys');
    await help.waitFor();
    await page.setViewportSize(PHONE);
    await page.getByTestId('character-keys').check();
    await keyboard.press('Escape');
    await page.emulateMedia({ colorScheme: 'light' });
    await keyboard.press('Control+k');
    await palette.waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'palette-phone');
    expect(await state.count()).toBe(0);
    expect(problems).toEqual([]);
  });

  test('rows on the page and new packets are exported in each format', async () => {
    const { link } = suite.network;
    const { page, problems } = await start();
    const { keyboard } = page;
    await using directory = await temporaryDirectory();
    const sheet = page.getByRole('dialog', { name: 'Export packets' });
    const choose = (name: string) => sheet.getByText(name, { exact: true }).click();
    const ours = (line: string) => line.includes(link.client.ipv4) && line.includes(link.server.ipv4);
    const saved = async (press: () => Promise<void>) => {
      const [download] = await Promise.all([page.waitForEvent('download'), press()]);
      await page.getByTestId('export-saved').waitFor();
      const path = join(directory.path, download.suggestedFilename());
      await download.saveAs(path);
      return { path, text: await readFile(path, 'utf8') };
    };
    await send(53, 30);
    await send(443, 20);
    await page.getByTestId('live-row').nth(20).waitFor();
    await keyboard.press('/');
    await keyboard.type('udp dst port 53');
    await keyboard.press('Enter');
    await until(async () => (await page.locator('[data-testid=live-row]').count()) > 0, { what: 'rows' });
    await page.getByTestId('live-table').getByText('443').first().waitFor({ state: 'detached' });
    await keyboard.press('Escape');
    await page.keyboard.press('Space');
    await page.locator('[data-testid=table-state][data-state=paused]').waitFor();

    // The rows on the page, while it is paused and filtered.
    await keyboard.press('e');
    await sheet.waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'export');
    const json = await saved(() => page.getByTestId('export-submit').click());
    expect(json.path).toMatch(/packetlog_[^/]+_\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ_udp-dst-port-53\.ndjson$/);
    const objects = json.text.trimEnd().split('\n');
    expect(objects.filter(ours)).toHaveLength(30);
    expect(new Set(objects.map((line) => (JSON.parse(line) as { dst_port: number }).dst_port))).toEqual(new Set([53]));

    await choose('CSV');
    const csv = await saved(() => page.getByTestId('export-submit').click());
    expect(csv.text).toMatch(/^timestamp_ns,src_addr,/);
    expect(csv.text.split('\n').filter(ours)).toHaveLength(30);

    // New packets, although the page is paused: the export has its own connection.
    await choose('pcapng');
    await choose('new packets');
    await choose('60 s');
    await page.getByTestId('export-submit').click();
    await page.getByTestId('export-rows').waitFor();
    await send(53, 400);
    await send(443, 100);
    await until(async () => (await exact(page, 'export-rows')) >= 400, { what: 'the rows to be recorded' });
    expect(await axeViolations(page)).toEqual([]);
    const capture = await saved(() => page.getByTestId('export-stop').click());
    expect(await page.getByTestId('export-saved').textContent()).toContain('Nothing was lost.');
    const fields = ['ip.src', 'udp.dstport', 'frame.len', 'frame.interface_name', '_ws.malformed', 'frame.comment'];
    const { stdout } = await promisify(execFile)('tshark', [
      ...['-n', '-r', capture.path, '-T', 'fields', '-Y', 'udp'],
      ...fields.flatMap((name) => ['-e', name]),
    ]);
    const lines = stdout.replace(/\n$/, '').split('\n');
    expect(lines).toHaveLength(400);
    const [line] = lines;
    expect(new Set(lines)).toEqual(new Set([line]));
    expect(line?.split('\t').slice(0, 5)).toEqual([link.client.ipv4, '53', '74', link.server.device, '']);
    expect(capture.text).toContain('Headers rebuilt from PacketLog records');
    await keyboard.press('Escape');
    await sheet.waitFor({ state: 'detached' });
    expect(problems).toEqual([]);
  });

  test('Tab reaches every control, shows the focus, and is never trapped', async () => {
    const { page, problems } = await start();
    await send(53, 40);
    await page.getByTestId('live-row').nth(10).waitFor();
    // The path is shown with the first ledger, a second after the first rows.
    await page.getByRole('button', { name: 'Packet path' }).waitFor();
    // And the chart with the first history.
    await page.getByLabel(/^Time in the chart/).waitFor();
    const stops = await tabThrough(page);
    expect(stops.unseen).toEqual([]);
    expect(stops.missed).toEqual([]);
    expect(stops.visited).toEqual(
      expect.arrayContaining(['Skip to the content', 'Filter', 'Commands', 'Export packets…']),
    );

    // In the table, arrow keys move from row to row.
    await page.locator('[data-testid=live-table] .table-body').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    const picked = page.locator('[data-testid=live-row][aria-current=true]');
    await picked.waitFor();
    await page.keyboard.press('Enter');
    const drawer = page.getByTestId('packet-drawer');
    await drawer.waitFor();
    const withDrawer = await tabThrough(page);
    expect({ unseen: withDrawer.unseen, missed: withDrawer.missed }).toEqual({ unseen: [], missed: [] });
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await picked.waitFor({ state: 'detached' });

    for (const [keys, there] of [
      ['gn', '.nodes-page'],
      ['gr', '.rules-page'],
      ['a', '[name=source]'],
    ] as const) {
      for (const key of keys) await page.keyboard.press(key);
      await page.locator(there).first().waitFor();
      const { unseen, missed } = await tabThrough(page);
      expect({ keys, unseen, missed }).toEqual({ keys, unseen: [], missed: [] });
    }
    // The sheet traps the focus, and restores it.
    expect(await page.evaluate('document.activeElement.closest("dialog") !== null')).toBe(true);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(problems).toEqual([]);
  });
});

async function temporaryDirectory(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'packetlog-export-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
