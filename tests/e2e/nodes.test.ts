/** Where rows are lost, and several loaders in one page. Real browser, loaders and packets; needs root and chromium. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Namespace } from '../lab/namespace.ts';
import { type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { type Forward, forwardPort, sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { axeViolations, exact, openPage, PHONE, screenshot, startChromium } from './chromium.ts';
import { eachWithNetwork } from './suite.ts';

const TOKEN = 'a-token-of-the-test-0123456789';
const LOSS = 37;

describe.skipIf(!requireRoot())('the way of a packet', { timeout: 120_000 }, () => {
  const suite = eachWithNetwork();
  let browser: Browser;
  const forwards: Forward[] = [];
  beforeAll(async () => {
    browser = await startChromium();
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    for (const forward of forwards.splice(0)) await forward.close();
  });
  afterAll(() => browser.close());

  /** A loader on the cable's end in `at`, and where the browser finds it. */
  async function start(
    at: Namespace,
    device: string,
    token: string,
    args: readonly string[] = [],
  ): Promise<{ packetlog: LabProcess; origin: string }> {
    const probe = await forwardPort(at, 1, 0);
    const { port } = probe;
    await probe.close();
    const listen = ['--iface', device, '--print', 'none', '--listen', `127.0.0.1:${port}`, ...args];
    const packetlog = suite.own(startPacketlog(at, { args: listen, env: { PACKETLOG_TOKEN: token } }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    forwards.push(await forwardPort(at, port));
    return { packetlog, origin: `http://localhost:${port}` };
  }

  const lostAt = (page: Page, step: string, label: string) =>
    page.getByTestId(`way-${step}`).locator(`[data-amount="${label}"] data`).getAttribute('data-value');

  test('the number of lost rows stands at the step where they were lost', async () => {
    const { server, link, client } = suite.network;
    const { packetlog, origin } = await start(server, link.server.device, TOKEN, ['--simulate-loss', String(LOSS)]);
    const { page, problems } = await openPage(browser, `${origin}/#token=${TOKEN}`);
    await until(async () => (await page.getByTestId('connection-state').getAttribute('data-state')) === 'live', {
      what: 'the page to be live',
    });
    await sendUdp(client, { address: link.server.ipv4, count: 500, ports: [53, 443], perSecond: 2000 });
    await until(async () => (await exact(page, 'total-lost')) === LOSS, { what: `${LOSS} rows to be lost` });
    const seen = await exact(page, 'total-seen');
    await page.keyboard.press('w');
    await page.getByTestId('way-sentence').getByText(`${LOSS} rows in the loader`).waitFor();
    expect(await lostAt(page, 'loader', 'too slow')).toBe(String(LOSS));
    expect(await lostAt(page, 'ring', 'ring full')).toBe('0');
    expect(await lostAt(page, 'page', 'not arrived')).toBe('0');
    expect(seen).toBeGreaterThanOrEqual(500);
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'way');
    await page.keyboard.press('Escape');
    await page.emulateMedia({ colorScheme: 'light' });
    await screenshot(page, 'way-strip-light');
    await page.setViewportSize(PHONE);
    await page.getByRole('tab', { name: 'Way' }).click();
    await page.getByTestId('way-loader').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'way-phone');
    expect(problems).toEqual([]);
    await packetlog.end();
  });
});
