/** History in the dashboard: ranges, top lists, zoom. Real browser, loader and packets; needs root and chromium. */
import { connect } from '@packetlog/client';
import { type HistoryTop, PROTOCOL_VERSION } from '@packetlog/common';
import type { Page } from 'playwright-core';
import { io } from 'socket.io-client';
import { describe, expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { axeViolations, exact, PHONE, screenshot } from './chromium.ts';
import { ADMIN_TOKEN, eachWithDashboard, TOKEN } from './dashboard.ts';
import { misfits } from './fit.ts';

/** The top lists of the last ten minutes. */
async function historyTop(origin: string): Promise<HistoryTop> {
  const socket = io(origin, { transports: ['websocket'], auth: { token: TOKEN, protocol: PROTOCOL_VERSION } });
  try {
    const answer = await socket
      .timeout(10_000)
      .emitWithAck('history:top', { from_ms: Date.now() - 600_000, to_ms: Date.now() });
    if (!answer.ok) throw new Error(JSON.stringify(answer));
    return answer.value;
  } finally {
    socket.disconnect();
  }
}

describe.skipIf(!requireRoot())('the overview', { timeout: 120_000 }, () => {
  const suite = eachWithDashboard();

  const send = (count: number, port: number) =>
    sendUdp(suite.network.client, { address: suite.network.link.server.ipv4, count, ports: [port] });
  const points = async (page: Page) => Number(await page.getByTestId('rate-chart').getAttribute('data-points'));
  const choose = (page: Page, name: string) => page.getByRole('radio', { name, exact: true }).check({ force: true });
  const top = (page: Page, title: string) => page.getByRole('region', { name: title }).getByTestId('top-row');

  test('a tab that opens later shows the history from before, with top lists, in each range', async () => {
    const { link } = suite.network;
    const { packetlog, url } = await suite.start();
    const first = await suite.open(url);
    await send(300, 53);
    await until(async () => (await exact(first.page, 'total-seen')) >= 300, { what: 'all packets to be counted' });
    // The first page has received its summaries, so the loader's history has them.
    await top(first.page, 'Top sources').first().waitFor();
    await until(async () => (await points(first.page)) >= 6, { what: 'six seconds of figures', deadlineMs: 30_000 });

    const { page, problems } = await suite.open(url);
    await until(async () => (await points(page)) >= 6, { what: 'the history to be loaded' });
    await top(page, 'Top sources').filter({ hasText: link.client.ipv4 }).waitFor();
    await top(page, 'Top destination ports').filter({ hasText: '53 UDP domain' }).waitFor();
    await top(page, 'Top address pairs')
      .filter({ hasText: `${link.client.ipv4} → ${link.server.ipv4}` })
      .waitFor();
    for (const range of ['15 min', '6 h']) {
      await choose(page, range);
      await until(async () => (await points(page)) <= 8 && (await points(page)) >= 1, { what: 'coarser steps' });
    }
    await choose(page, 'by protocol');
    await page.getByTestId('rate-chart').getByText('ICMP').first().waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'overview-protocol');
    // Nothing is cut on any screen, not even long addresses.
    await sendUdp(suite.network.client, { address: link.server.ipv6 ?? '', count: 30, ports: [443] });
    await top(page, 'Top address pairs')
      .filter({ hasText: link.client.ipv6 ?? '' })
      .waitFor();
    for (const [width, height] of [
      [1440, 900],
      [1280, 720],
      [2560, 1440],
      [1024, 768],
      [860, 900],
    ] as const) {
      await page.setViewportSize({ width, height });
      if (width < 1280) await page.getByRole('tab', { name: 'Top' }).click();
      await top(page, 'Top sources').first().waitFor();
      for (const split of ['by verdict', 'by protocol']) {
        await choose(page, split);
        let found: string[] = [];
        const fits = async () => {
          found = await misfits(page);
          return found.length === 0;
        };
        await until(fits, {
          what: `all to fit ${width} by ${height}, ${split}`,
          evidence: () => found.join('\n'),
          deadlineMs: 20_000,
        });
      }
    }

    await page.setViewportSize(PHONE);
    await choose(page, 'by verdict');
    await choose(page, 'bytes');
    await page.getByTestId('rate-chart').getByText('bytes/s').waitFor();
    await page.getByRole('tab', { name: 'Top' }).click();
    await top(page, 'Top sources').first().waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'overview-phone');
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('a panel beside the top lists shows the rules that denied, and labels those that would deny', async () => {
    const { link } = suite.network;
    const { packetlog, origin, url } = await suite.start();
    const { page, problems } = await suite.open(url);
    await send(50, 53);
    await top(page, 'Top sources').filter({ hasText: link.client.ipv4 }).waitFor();
    expect(await page.getByRole('region', { name: 'Denied by' }).count()).toBe(0);

    await using rules = await connect(origin, { token: TOKEN, adminToken: ADMIN_TOKEN });
    const port = { protocol: 'udp', reason: 'port scan' };
    const { id } = await rules.deny(link.client.ipv4, { ...port, port: 161 });
    const observe = await rules.observe(link.client.ipv4, { ...port, port: 162, reason: 'traps' });
    await send(300, 161);
    await send(20, 162);
    const row = page.getByRole('region', { name: 'Denied by' }).getByRole('row');
    await row.filter({ hasText: `${id} port scan` }).waitFor();
    await row.filter({ hasText: `${observe.id} trapswould deny` }).waitFor();
    expect(await row.filter({ hasText: 'port scan' }).textContent()).not.toContain('would deny');
    // The sums of the panel, from the loader: each packet once.
    const volume = async (rule: number) => {
      const { rules: decided } = await historyTop(origin);
      return decided.find(({ rule_id }) => rule_id === rule)?.packets;
    };
    await until(async () => (await volume(observe.id)) === 20, { what: 'the last second to be reported' });
    expect(await volume(id)).toBe(300);
    expect(await axeViolations(page)).toEqual([]);
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('a selected range stays, with its own sums and lists, until Escape or the button', async () => {
    const { packetlog, url } = await suite.start();
    const { page, problems } = await suite.open(url);
    await send(400, 53);
    await until(async () => (await points(page)) >= 5, { what: 'five seconds of figures', deadlineMs: 30_000 });
    const plot = page.getByTestId('rate-chart').locator('.u-over').first();
    const words = page.getByTestId('chart-text');
    const mark = async () => {
      const box = await plot.boundingBox();
      if (box === null) throw new Error('the chart is not on the screen');
      const y = box.y + box.height / 2;
      await page.mouse.move(box.x + box.width * 0.5, y);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.8, y, { steps: 4 });
      await page.mouse.move(box.x + box.width - 2, y, { steps: 4 });
      await page.mouse.up();
      await page.getByTestId('back-to-live').waitFor();
      await page.mouse.move(box.x, box.y + 400);
    };
    await mark();
    const said = await words.textContent();
    expect(said).toMatch(/^\d\d:\d\d:\d\d to \d\d:\d\d:\d\d/);
    await send(50, 443);
    await until(async () => (await exact(page, 'total-seen')) >= 450, { what: 'the later packets to be counted' });
    expect(await words.textContent()).toBe(said);
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'overview-look');
    await page.keyboard.press('Escape');
    await page.getByTestId('back-to-live').waitFor({ state: 'detached' });
    await top(page, 'Top destination ports').filter({ hasText: '443 UDP https' }).waitFor();
    await mark();
    await page.getByTestId('back-to-live').click();
    await page.getByTestId('back-to-live').waitFor({ state: 'detached' });

    // The same by keyboard: the text follows the mark, and Enter zooms in.
    const slider = page.getByTestId('chart-slider');
    const said2 = async () => (await slider.getAttribute('aria-valuetext')) ?? '';
    await slider.focus();
    for (const key of ['End', 'ArrowLeft', 'ArrowLeft']) await page.keyboard.press(key);
    expect(await said2()).toMatch(/^\d\d:\d\d:\d\d: .*packets per second/);
    for (const _ of [1, 2]) await page.keyboard.press('Shift+ArrowLeft');
    expect(await said2()).toMatch(/^\d\d:\d\d:\d\d to \d\d:\d\d:\d\d, 3 s: about/);
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'overview-mark');
    await page.keyboard.press('Escape');
    expect(await said2()).toBe('No range selected');
    for (const key of ['End', 'Shift+ArrowLeft', 'Shift+ArrowLeft', 'Enter']) await page.keyboard.press(key);
    await page.getByTestId('back-to-live').waitFor();
    await page.keyboard.press('Escape');
    await page.getByTestId('back-to-live').waitFor({ state: 'detached' });

    // By touch: a sideways drag selects, each end can be moved, and a button zooms in.
    const touch = await suite.open(url, { viewport: PHONE, hasTouch: true, isMobile: true });
    await until(async () => (await points(touch.page)) >= 5, { what: 'the history to be loaded' });
    const box = await touch.page.getByTestId('rate-chart').locator('.u-over').first().boundingBox();
    if (box === null) throw new Error('the chart is not on the screen');
    const finger = await touch.page.context().newCDPSession(touch.page);
    const at = (share: number) => [{ x: box.x + box.width * share, y: box.y + box.height / 2 }];
    const drag = async (from: number, to: number) => {
      await finger.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: at(from) });
      for (const share of [(from + to) / 2, to])
        await finger.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: at(share) });
      await finger.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    };
    await drag(0.97, 0.9);
    const marked = touch.page.getByTestId('mark-text');
    await marked.getByText(' to ').waitFor();
    await screenshot(touch.page, 'overview-touch');
    // Immediately: the end of the drag must not swallow the tap.
    await marked.getByRole('button', { name: 'Zoom in' }).tap();
    await touch.page.getByTestId('back-to-live').waitFor();
    expect(touch.problems).toEqual([]);
    expect(problems).toEqual([]);
    await packetlog.end();
  });
});
