/** Scans in the conversations of the dashboard, live and recorded. Needs root and chromium. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ethernet, ipv4, tcp } from '../lab/frame.ts';
import { requireRoot } from '../lab/root.ts';
import { exchangeTcp, sendFrames, sendUdp, startTcpEcho } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { axeViolations, exact, PHONE, screenshot } from './chromium.ts';
import { eachWithDashboard } from './dashboard.ts';
import { done } from './rules-command.ts';

const SCANNER = '198.51.100.7';
const SWEEPER = '203.0.113.9';
const [PORTS, ADDRESSES] = [412, 90];
/** The rule denies the ports below. */
const DENIED = 380;
const CONNECTIONS = 20;
const DATAGRAMS = 40;

describe.skipIf(!requireRoot())('scans', { timeout: 240_000 }, () => {
  const suite = eachWithDashboard();
  let parent: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'packetlog-scans-'));
    // The core is not root.
    chmodSync(parent, 0o755);
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  /** A port scan, a sweep, and clients, one with many connections to a service. */
  async function sendAll(): Promise<void> {
    const { client, server, link } = suite.network;
    const dst = link.server.ipv4;
    const scan = Array.from({ length: PORTS }, (_, i) =>
      ethernet(ipv4({ src: SCANNER, dst }, tcp({ src: 40_000 + i, dst: i + 1 }))),
    );
    const sweep = Array.from({ length: ADDRESSES }, (_, i) =>
      ethernet(ipv4({ src: SWEEPER, dst: `192.0.2.${i + 100}` }, tcp({ src: 52_000, dst: 22 }))),
    );
    expect((await sendFrames(link.client, [...scan, ...sweep])).sent).toBe(PORTS + ADDRESSES);
    const echo = await startTcpEcho(server, dst);
    await exchangeTcp(client, { address: dst, port: echo.port, connections: CONNECTIONS, bytes: 10 });
    await sendUdp(client, { address: dst, ports: [53], count: DATAGRAMS });
  }

  const scans = (page: Page) => page.getByTestId('scan-line');
  const scanOf = (page: Page, source: string) => scans(page).filter({ hasText: source });
  const number = async (all: Promise<(string | null)[]>) => (await all).reduce((sum, each) => sum + Number(each), 0);
  const packetsOf = (page: Page, testId: string) =>
    number(page.getByTestId(testId).evaluateAll((lines) => lines.map((line) => line.getAttribute('data-packets'))));
  /** Packets of all lines; with only a few lines, all are drawn. */
  const packetsOfLines = async (page: Page) =>
    (await packetsOf(page, 'scan-line')) + (await packetsOf(page, 'conversation-row'));
  const textOf = (page: Page, source: string, cell: string) => scanOf(page, source).locator(cell).textContent();
  const rowsOf = async (page: Page) =>
    Number(await page.getByTestId('conversation-table').getAttribute('aria-rowcount')) - 1;

  async function expectScans(page: Page): Promise<void> {
    // Datagrams are sent last.
    const datagrams = page.getByTestId('conversation-row').filter({ hasText: 'UDP' });
    const allArrived = async () =>
      (await datagrams.count()) === 1 &&
      (await datagrams.getAttribute('data-packets')) === String(DATAGRAMS) &&
      (await packetsOfLines(page)) === (await exact(page, 'total-seen'));
    await until(allArrived, { what: 'lines to have all packets' });
    expect(await scans(page).count()).toBe(2);
    expect(await scanOf(page, SCANNER).getAttribute('data-packets')).toBe(String(PORTS));
    expect(await textOf(page, SCANNER, '.cell-action')).toBe('mixed');
    expect(await textOf(page, SCANNER, '.cell-dst')).toBe('192.0.2.2:*');
    expect(await textOf(page, SCANNER, '.cell-scan')).toContain(
      `scan: ${PORTS} ports, ${DENIED} denied, ${PORTS - DENIED} permitted`,
    );
    expect(await textOf(page, SWEEPER, '.cell-dst')).toBe('*:22ssh');
    expect(await textOf(page, SWEEPER, '.cell-scan')).toContain(`scan: ${ADDRESSES} addresses`);
    // The connections of a client are its own line, as are datagrams.
    expect(await page.getByTestId('conversation-row').count()).toBe(2);
    await page
      .getByTestId('conversation-count')
      .getByText(`${PORTS + ADDRESSES + 2} conversations`)
      .waitFor();
    await page.getByText(' in 4 lines').waitFor();
  }

  test('are one line each, live and recorded, with the packets of their conversations', async () => {
    const { packetlog, place, url } = await suite.start('--record-dir', join(parent, 'record'));
    await done(place, 'add', {
      rule: { action: 'deny', source: SCANNER, protocol: 'tcp', destination_port: `1-${DENIED}` },
    });
    const { page, problems } = await suite.open(url);
    await page.keyboard.press('v');
    await page.getByTestId('conversation-table').waitFor();
    const from = Date.now() - 1;
    await sendAll();
    await expectScans(page);
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'scans', false);

    // The keyboard opens and closes the line.
    const table = page.getByTestId('conversation-table').locator('.table-body');
    await table.focus();
    const line = scanOf(page, SCANNER);
    const isCurrent = async () => (await line.getAttribute('aria-current')) === 'true';
    const step = async () => {
      await page.keyboard.press('ArrowDown');
      return isCurrent();
    };
    await until(step, { what: 'the keyboard to reach the scan' });
    await page.keyboard.press('Enter');
    await page.getByTestId('scan-member').first().waitFor();
    expect(await line.getByRole('button', { name: 'its conversations' }).getAttribute('aria-expanded')).toBe('true');
    expect(await rowsOf(page)).toBe(4 + PORTS);
    await screenshot(page, 'scans-open', false);
    await page.keyboard.press('ArrowDown');
    expect(await page.getByTestId('scan-member').first().getAttribute('aria-current')).toBe('true');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.getByTestId('scan-member').first().waitFor({ state: 'detached' });
    expect(await rowsOf(page)).toBe(4);

    // So does a click; a conversation of the scan opens to its rows.
    await scanOf(page, SWEEPER).click();
    const member = page.getByTestId('scan-member').first();
    await member.click();
    await page.getByTestId('conversation-packet').waitFor();
    expect(await rowsOf(page)).toBe(4 + ADDRESSES + 1);
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'scans-open-row', false);
    await scanOf(page, SWEEPER).click();
    await page.getByTestId('conversation-packet').waitFor({ state: 'detached' });
    expect(await rowsOf(page)).toBe(4);

    // An open line filters by its source and destination.
    await line.click();
    await line.getByRole('button', { name: 'Only this scan' }).click();
    expect(await page.getByTestId('filter').inputValue()).toBe(`src host ${SCANNER} and dst host 192.0.2.2 and tcp`);
    await until(async () => (await page.getByTestId('conversation-row').count()) === 0, { what: 'only the scan' });
    expect(await line.getAttribute('data-packets')).toBe(String(PORTS));
    expect(await scans(page).count()).toBe(1);

    // Recorded packets are grouped alike.
    const range = `&from=${new Date(from).toISOString()}&to=${new Date(Date.now() + 1).toISOString()}`;
    const past = await suite.open(`${url}${range}`);
    await past.page.getByTestId('past-coverage').getByText('complete').waitFor();
    await past.page.getByTestId('group-button').click();
    await expectScans(past.page);
    await screenshot(past.page, 'scans-recorded', false);
    await past.page.setViewportSize(PHONE);
    await scanOf(past.page, SCANNER).waitFor();
    await until(() => past.page.evaluate('document.documentElement.scrollWidth <= innerWidth'), {
      what: 'the page to fit',
    });
    await screenshot(past.page, 'scans-phone', false);
    await scanOf(past.page, SCANNER).click();
    await past.page.getByTestId('scan-member').first().waitFor();
    expect(await axeViolations(past.page)).toEqual([]);
    await screenshot(past.page, 'scans-phone-open', false);
    expect([...problems, ...past.problems]).toEqual([]);
    await packetlog.end();
  });
});
