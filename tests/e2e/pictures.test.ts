/** The demo in a real browser, and the pictures of the README: in both sizes and themes. Needs root and chromium. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { until } from '../lab/until.ts';
import { axeViolations, DESKTOP, exact, openPage, PHONE, screenshot, startChromium } from './chromium.ts';

const BIN = fileURLToPath(new URL('../../packages/loader/bin/packetlog', import.meta.url));
/** Long enough for the chart to have something to show, and for the scan to have come by. */
const PACKETS = 2500;

test.skipIf(!requireRoot())(
  'the demo looks like this, on a desktop and a phone, dark and light',
  async () => {
    const demo = spawn(process.execPath, [BIN, 'demo', '--print', 'none', '--listen', 'localhost:0']);
    const browser = await startChromium();
    try {
      let stderr = '';
      demo.stderr.on('data', (text: Buffer) => {
        stderr += text.toString();
      });
      const deadline = { deadlineMs: 60_000, evidence: () => stderr };
      const url = await until(() => /http:\/\/\S+/.exec(stderr)?.[0], { what: 'the URL', ...deadline });
      const { page, problems } = await openPage(browser, url);
      await until(async () => (await exact(page, 'total-seen')) > PACKETS, { what: `${PACKETS} packets`, ...deadline });
      for (const scheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme: scheme });
        for (const [size, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
          await page.setViewportSize(viewport);
          await page.getByTestId('live-row').first().waitFor();
          expect(await axeViolations(page)).toEqual([]);
          await screenshot(page, `live-${scheme}-${size}`);
        }
      }
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
  120_000,
);
