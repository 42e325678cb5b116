/** The demo in a real browser, and the pictures of the README: in both sizes and themes. Needs root and chromium. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { connect } from '@packetlog/client';
import { expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { until } from '../lab/until.ts';
import { axeViolations, DESKTOP, exact, openPage, PHONE, screenshot, startChromium } from './chromium.ts';

const BIN = fileURLToPath(new URL('../../packages/loader/bin/packetlog', import.meta.url));
/** Long enough for the charts to have something to show. */
const PACKETS = 2500;
const DENIED = 500;

test.skipIf(!requireRoot())(
  'the demo looks like this, on a desktop and a phone, dark and light',
  async () => {
    const demo = spawn(process.execPath, [BIN, 'demo', '--print', 'none', '--listen', 'localhost:0', '--pin', 'never']);
    const browser = await startChromium();
    try {
      let stderr = '';
      demo.stderr.on('data', (text: Buffer) => {
        stderr += text.toString();
      });
      const deadline = { deadlineMs: 60_000, evidence: () => stderr };
      const url = await until(() => /http:\/\/\S+admin_token=\S+/.exec(stderr)?.[0], { what: 'the URL', ...deadline });
      await addRules(new URL(url));
      const { page, problems } = await openPage(browser, url);
      const counted = (testId: string, least: number) =>
        until(async () => (await exact(page, testId)) > least, { what: `${least} of ${testId}`, ...deadline });
      const shoot = async (name: string, ready: string, themes: readonly ('dark' | 'light')[] = ['dark', 'light']) => {
        for (const scheme of themes) {
          await page.emulateMedia({ colorScheme: scheme });
          for (const [size, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
            await page.setViewportSize(viewport);
            await page.getByTestId(ready).first().waitFor();
            expect(await axeViolations(page)).toEqual([]);
            await screenshot(page, `${name}-${scheme}-${size}`);
          }
        }
      };
      await counted('total-seen', PACKETS);
      await counted('total-denied', DENIED);
      await shoot('live', 'live-row');
      // Or the row would have moved on before it is pressed.
      await page.setViewportSize(DESKTOP);
      await page.keyboard.press('Space');
      const permitted = page.locator('[data-testid=live-row][data-verdict=permit]');
      await permitted.filter({ hasText: '192.0.2.10' }).first().click();
      await page.keyboard.press('d');
      await page.locator('[name=reason]').fill('asks too often');
      await shoot('deny', 'deny-submit');
      await page.keyboard.press('Escape');
      await page.getByTestId('pause-button').click();
      await page.getByRole('link', { name: 'Rules' }).click();
      await shoot('rules', 'rule-row');
      expect(await exact(page, 'total-lost')).toBe(0);
      expect(problems).toEqual([]);
      const closed = once(demo, 'close');
      demo.kill('SIGINT');
      expect(await closed).toEqual([0, null]);
    } finally {
      demo.kill('SIGKILL');
      await browser.close();
    }
  },
  180_000,
);

/** What somebody may have decided about the hosts of the demo. */
async function addRules({ origin, hash }: URL): Promise<void> {
  const tokens = new URLSearchParams(hash.slice(1));
  const packetlog = await connect(origin, {
    token: tokens.get('token') ?? '',
    adminToken: tokens.get('admin_token') ?? '',
  });
  await packetlog.permit('192.0.2.21', { reason: 'our monitoring' });
  await packetlog.deny('203.0.113.0/24', { protocol: 'tcp', port: '1-1023', for: '7d', reason: 'scans ports' });
  await packetlog.importSet('scanners', '198.51.100.128/25\n2001:db8:bad::/48\n', { reason: 'known scanners' });
  await packetlog.observe('198.51.100.53', { protocol: 'udp', port: 53, reason: 'is this resolver ours?' });
  await packetlog.deny('2001:db8::53', { for: '59m', reason: 'asks for everything' });
  await packetlog.deny('any', { protocol: 'tcp', port: '135-139', reason: 'nobody speaks NetBIOS here' });
  await packetlog.confirm();
  await packetlog.close();
}
