/** The demo in a real browser, and the pictures of the README, in both sizes and themes. Needs root and chromium. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { connect } from '@packetlog/client';
import type { Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { LAB_ADMIN_TOKEN, LAB_TOKEN } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { until } from '../lab/until.ts';
import { DESKTOP, exact, openPage, startChromium } from './chromium.ts';
import { shoot, testId } from './gallery.ts';

const BIN = fileURLToPath(new URL('../../packages/loader/bin/packetlog', import.meta.url));
/** The demo's host that sends pings. */
const PINGING_HOST = '198.51.100.7';
/** Packets to wait for: with UPDATE_SCREENSHOTS=1 enough to fill the charts. */
const ALL = process.env['UPDATE_SCREENSHOTS'] === '1';
const [PACKETS, DENIED] = ALL ? [2500, 500] : [250, 50];

test.skipIf(!requireRoot())(
  'the pages of the demo follow axe and fit their window, on a desktop and a phone, dark and light',
  async () => {
    const demo = spawn(
      process.execPath,
      [BIN, 'demo', '--print', 'none', '--listen', 'localhost:0', '--pin', 'never'],
      {
        env: { ...process.env, PACKETLOG_TOKEN: LAB_TOKEN, PACKETLOG_ADMIN_TOKEN: LAB_ADMIN_TOKEN },
      },
    );
    const browser = await startChromium();
    try {
      let stderr = '';
      demo.stderr.on('data', (text: Buffer) => {
        stderr += text.toString();
      });
      const deadline = { deadlineMs: 120_000, evidence: () => stderr };
      const served = await until(() => /http:\/\/\S+/.exec(stderr)?.[0], { what: 'the URL', ...deadline });
      const url = `${served}#token=${LAB_TOKEN}&admin_token=${LAB_ADMIN_TOKEN}`;
      await addRules(new URL(url));
      const { page, problems } = await openPage(browser, url);
      const counted = (testId: string, least: number) =>
        until(async () => (await exact(page, testId)) > least, { what: `${least} of ${testId}`, ...deadline });
      await shoot(page, 'first-packets', testId('live-row'));
      await counted('total-seen', PACKETS);
      await counted('total-denied', DENIED);
      const look = (name: string, id: string) => shoot(page, name, testId(id));
      const { keyboard } = page;
      await shoot(page, 'live', testId('live-row'), { sizes: 'all' });

      const filter = page.getByTestId('filter');
      const filterBy = async (text: string) => {
        await filter.fill(text);
        await filter.blur();
      };
      const arrange = () => filterBy('udp dst prot 53');
      await shoot(page, 'filter-error', '[role=status]:has-text("at column")', { arrange });
      await filterBy('');
      await markRange(page);
      await look('closer-look', 'back-to-live');
      await page.getByTestId('back-to-live').click();
      await keyboard.press('w');
      await look('path', 'path-sentence');
      await keyboard.press('Escape');
      await keyboard.press('Control+k');
      await look('palette', 'palette');
      await keyboard.press('Escape');
      await keyboard.press('v');
      await look('conversations', 'conversation-row');
      await keyboard.press('v');
      await page.getByTestId('live-row').first().waitFor();

      // Paused, because rows move. If no ping is visible, resumes and tries again.
      const permitted = page.locator('[data-testid=live-row][data-verdict=permit]').filter({ hasText: PINGING_HOST });
      const stateIs = (state: string) => page.locator(`[data-testid=table-state][data-state=${state}]`).waitFor();
      const pausedAtPermitted = async () => {
        await keyboard.press('Space');
        await stateIs('paused');
        if (await isInSight(permitted.first())) return true;
        await keyboard.press('Space');
        await stateIs('follow');
        return false;
      };
      await until(pausedAtPermitted, { what: 'a pause with a ping visible', ...deadline });
      await shoot(page, 'paused', '[data-testid=table-state][data-state=paused]');
      await permitted.first().click();
      await keyboard.press('Enter');
      await look('packet', 'packet-drawer');
      await keyboard.press('d');
      await page.locator('[name=reason]').fill('ping flood');
      await shoot(page, 'deny', testId('deny-submit'), { sizes: 'all' });
      await keyboard.press('Escape');
      await page.getByTestId('pause-button').click();
      await page.getByRole('link', { name: 'Rules' }).click();
      await shoot(page, 'rules', testId('rule-row'), { sizes: 'all' });
      await page.getByRole('link', { name: 'Nodes', exact: true }).first().click();
      await look('nodes', 'node-row');
      await page.getByRole('link', { name: 'Live' }).click();
      await page.getByTestId('live-row').first().waitFor();
      expect(await exact(page, 'total-lost')).toBe(0);
      expect(problems).toEqual([]);
      const closed = once(demo, 'close');
      demo.kill('SIGINT');
      expect(await closed).toEqual([0, null]);
      await shoot(page, 'disconnected', '[data-testid=connection-state]:not([data-state=live])');
    } finally {
      demo.kill('SIGKILL');
      await browser.close();
    }
  },
  ALL ? 1_500_000 : 400_000,
);

/** Selects the newest tenth of the chart with the mouse. */
async function markRange(page: Page): Promise<void> {
  const box = await page.getByTestId('rate-chart').locator('.u-over').first().boundingBox();
  if (box === null) throw new Error('the chart is not on the screen');
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * 0.9, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 2, y, { steps: 4 });
  await page.mouse.up();
  await page.mouse.move(box.x, box.y + 400);
}

/** Whether all of it is in the window: rows are also drawn a little above and below. */
async function isInSight(row: Locator): Promise<boolean> {
  if ((await row.count()) === 0) return false;
  const box = await row.boundingBox();
  return box !== null && box.y + box.height <= DESKTOP.height;
}

/** Adds rules as an operator of the demo might. */
async function addRules({ origin, hash }: URL): Promise<void> {
  const tokens = new URLSearchParams(hash.slice(1));
  const packetlog = await connect(origin, {
    token: tokens.get('token') ?? '',
    adminToken: tokens.get('admin_token') ?? '',
  });
  await packetlog.permit('192.0.2.21', { reason: 'monitoring server' });
  await packetlog.denyNetwork('203.0.113.0/24', { protocol: 'tcp', port: '1-1023', for: '7d', reason: 'port scan' });
  await packetlog.importSet('scanners', '198.51.100.128/25\n2001:db8:bad::/48\n', { reason: 'known scanners' });
  await packetlog.observe('198.51.100.53', { protocol: 'udp', port: 53, reason: 'unknown resolver' });
  await packetlog.deny('2001:db8::53', { for: '59m', reason: 'DNS ANY queries' });
  await packetlog.denyNetwork('any', { protocol: 'tcp', port: '135-139', reason: 'NetBIOS is not used' });
  await packetlog.confirm();
  await packetlog.close();
}
