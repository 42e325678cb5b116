/** Ranges of days in the dashboard: a made past of 15 days, and packets of now. Real browser and loader; needs root. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type MadeHour, makePast } from '../lab/made-past.ts';
import { recordsIn } from '../lab/recorded.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { axeViolations, DESKTOP, exact, PHONE, screenshot, TABLET } from './chromium.ts';
import { eachWithDashboard } from './dashboard.ts';
import { misfits } from './fit.ts';

const HOUR_MS = 3_600_000;
const DAY = 24;
const WEEK = 7 * DAY;
const HOURS = 15 * DAY;
const SENT = 200;

/** A wave of a day, and more each day than the day before. `ago`: hours before now. */
const madeHour = (ago: number): MadeHour => {
  const packets = 480 + Math.round(320 * (1 + Math.cos((2 * Math.PI * ago) / DAY))) - 24 * Math.floor(ago / DAY);
  return { packets, denied: ago % 3 === 0 ? Math.floor(packets / 5) : 0 };
};

describe.skipIf(!requireRoot())('ranges of days', { timeout: 360_000 }, () => {
  const suite = eachWithDashboard({ ipv6: false });
  let parent: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'packetlog-long-'));
    // The core is not root.
    chmodSync(parent, 0o755);
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  interface Shown {
    readonly packets: number;
    readonly denied: number;
    readonly compared: string;
  }

  const choose = (page: Page, name: string) => page.getByRole('radio', { name, exact: true }).check({ force: true });
  const text = async (page: Page) => (await page.getByTestId('chart-text').textContent()) ?? '';

  /** Resolves with the sums beside the chart, once the compared range is known as well. */
  async function shown(page: Page): Promise<Shown> {
    let read = '';
    const [, packets = '', denied = '0', compared = ''] = await until(
      async () => {
        await page.locator('[data-testid=rate-chart][data-recorded=true][aria-busy=false]').waitFor();
        read = await text(page);
        return /^([\d,]+) packets, .*?(?:, ([\d,]+) denied)?; (.*)$/.exec(read);
      },
      { what: 'the sums of the range', evidence: () => read },
    );
    const number = (digits: string) => Number(digits.replaceAll(',', ''));
    return { packets: number(packets), denied: number(denied), compared };
  }

  /** What the page says of a range with `now` packets and an earlier one with `before`. */
  function change(now: number, before: number, than: string): string {
    const percent = Math.round((now / before - 1) * 100);
    if (percent === 0) return `same as ${than} (dashed)`;
    return `${percent > 0 ? '+' : '−'}${Math.abs(percent)} % vs ${than} (dashed)`;
  }

  /** Checks and pictures on each size of screen. */
  async function looksRight(page: Page, name: string): Promise<void> {
    for (const { width, height } of [DESKTOP, TABLET, PHONE]) {
      await page.setViewportSize({ width, height });
      if (width < 1280) await page.getByRole('tab', { name: 'Top' }).click();
      await page.getByRole('region', { name: 'Top sources' }).getByTestId('top-row').first().waitFor();
      let found: string[] = [];
      const fits = async () => {
        found = await misfits(page);
        return found.length === 0;
      };
      await until(fits, { what: `all to fit ${width} by ${height}`, evidence: () => found.join('\n') });
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      await screenshot(page, `long-${name}-${width}`, false);
    }
    expect(await axeViolations(page)).toEqual([]);
    await page.setViewportSize(DESKTOP);
  }

  /** Rows and conversations of several days show the day, on each size of screen. */
  async function namesDays(page: Page): Promise<void> {
    const DAY_AND_TIME = /^\d{1,2} [A-Z][a-z]{2} \d\d:\d\d:\d\d\.\d{3}$/;
    const time = (row: string) => page.getByTestId(row).first().locator('[data-field=timestamp_ns]');
    for (const { width, height } of [PHONE, TABLET, DESKTOP]) {
      await page.setViewportSize({ width, height });
      await time('live-row').getByText(DAY_AND_TIME).waitFor();
      await screenshot(page, `long-rows-${width}`, false);
    }
    await page.getByTestId('group-button').click();
    await time('conversation-row').getByText(DAY_AND_TIME).waitFor();
    await screenshot(page, 'long-conversations', false);
    await page.getByTestId('group-button').click();
  }

  async function recordedLoader() {
    const directory = join(parent, 'record');
    const endMs = Math.floor(Date.now() / 1000) * 1000;
    const past = await makePast(
      directory,
      endMs,
      Array.from({ length: HOURS }, (_, ago) => madeHour(ago)),
    );
    const made = past.sums(0, HOURS).packets;
    expect(recordsIn(directory)).toBe(made);
    const started = await suite.start('--record-dir', directory, '--sample', 'off');
    return { ...started, past, made, directory, endMs };
  }

  test('up to now have the sums of all recorded packets, and of the time before', async () => {
    const { packetlog, url, past, made, directory } = await recordedLoader();
    await sendUdp(suite.network.client, { address: suite.network.link.server.ipv4, count: SENT, ports: [53] });
    await until(async () => recordsIn(directory) >= made + SENT, { what: 'all packets on the disk' });
    const { page, problems } = await suite.open(url);
    await until(async () => (await exact(page, 'total-seen')) >= SENT, { what: 'all packets to be counted' });

    /** Packets of the lab's network itself are there as well: a few. */
    async function expectShown(hours: number, before: readonly [number, number], than: string) {
      const { packets, denied, compared } = await shown(page);
      const sums = past.sums(0, hours);
      const extra = packets - sums.packets;
      expect(extra).toBeGreaterThanOrEqual(SENT);
      expect(extra).toBeLessThanOrEqual(await exact(page, 'total-seen'));
      expect(denied).toBe(sums.denied);
      expect(compared).toBe(change(packets, past.sums(...before).packets, than));
    }
    const compare = async (value: string, than: string) => {
      await page.getByTestId('compared').selectOption(value);
      await page.getByTestId('chart-text').getByText(than).waitFor();
    };

    await choose(page, '24 h');
    await expectShown(DAY, [DAY, 2 * DAY], 'the previous day');
    await looksRight(page, '24h');
    await compare('week', 'the same time last week');
    await expectShown(DAY, [WEEK, WEEK + DAY], 'the same time last week');
    await compare('day', 'the same time yesterday');
    await expectShown(DAY, [DAY, 2 * DAY], 'the same time yesterday');

    await choose(page, '7 d');
    await page.getByTestId('chart-text').getByText('the same time yesterday').waitFor();
    await expectShown(WEEK, [DAY, WEEK + DAY], 'the same time yesterday');
    await compare('before', 'the previous 7 d');
    await expectShown(WEEK, [WEEK, 2 * WEEK], 'the previous 7 d');
    await looksRight(page, '7d');
    // The readouts name the day of the point under the pointer.
    const chart = page.getByTestId('rate-chart').locator('.u-over').first();
    await chart.hover();
    const day = page.getByTestId('rate-chart').locator('.readout-label .note').first();
    await day.getByText(/^[A-Z][a-z]{2} \d+ [A-Z][a-z]{2} \d\d:\d\d$/).waitFor();
    await screenshot(page, 'long-7d-pointer', false);
    await page.mouse.move(0, 0);

    await choose(page, 'all');
    const all = await until(
      async () => {
        const { packets, compared } = await shown(page);
        return packets >= made + SENT ? { packets, compared } : false;
      },
      { what: 'the sums of all' },
    );
    expect(all.packets).toBeLessThanOrEqual(made + (await exact(page, 'total-seen')));
    expect(all.compared).toMatch(/^no complete data for the previous 14 d 23 h$/);
    await page
      .getByRole('region', { name: 'Top sources' })
      .getByText(/^\d+ sources, all recorded$/)
      .waitFor();
    await looksRight(page, 'all');
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('of the past have exact sums, are compared, stepped and zoomed out of', async () => {
    const { packetlog, url, past, endMs } = await recordedLoader();
    const at = (hoursAgo: number) => new Date(endMs - hoursAgo * HOUR_MS).toISOString();
    const { page, problems } = await suite.open(`${url}&from=${at(2 * DAY)}&to=${at(DAY)}`);
    const line = page.getByTestId('past-coverage');

    async function expectRange(from: number, to: number, before: readonly [number, number], than: string) {
      const { packets, denied } = past.sums(from, to);
      await line.getByText(`${packets.toLocaleString('en-US')} packets, complete`, { exact: true }).waitFor();
      expect(await shown(page)).toEqual({
        packets,
        denied,
        compared: change(packets, past.sums(...before).packets, than),
      });
    }

    await expectRange(DAY, 2 * DAY, [2 * DAY, 3 * DAY], 'the previous day');
    await page
      .getByTestId('past-range')
      .getByText(/ to yesterday /)
      .waitFor();
    await namesDays(page);
    await looksRight(page, 'yesterday');
    await page.getByTestId('compared').selectOption('week');
    const weekBefore = 'the same time the week before';
    await page.getByTestId('chart-text').getByText(weekBefore).waitFor();
    await expectRange(DAY, 2 * DAY, [WEEK + DAY, WEEK + 2 * DAY], weekBefore);
    await page.getByTestId('compared').blur();

    await page.keyboard.press('[');
    await expectRange(2 * DAY, 3 * DAY, [WEEK + 2 * DAY, WEEK + 3 * DAY], weekBefore);
    await page.keyboard.press(']');
    await expectRange(DAY, 2 * DAY, [WEEK + DAY, WEEK + 2 * DAY], weekBefore);
    await page.keyboard.press('z');
    await expectRange(0, 3 * DAY, [WEEK, WEEK + 3 * DAY], weekBefore);
    await looksRight(page, 'three-days');
    await page.goBack();
    await expectRange(DAY, 2 * DAY, [WEEK + DAY, WEEK + 2 * DAY], weekBefore);

    // The week before reaches further back than what is recorded.
    await page.goto(`${url}&from=${at(2 * WEEK)}&to=${at(WEEK)}`);
    const week = past.sums(WEEK, 2 * WEEK);
    await until(
      async () => {
        const { packets, compared } = await shown(page);
        return packets === week.packets && compared === `no complete data for ${weekBefore}`;
      },
      { what: 'the sums of the week, without a comparison' },
    );
    await line.getByText(/ packets, complete$/).waitFor();
    // Longer ago than anything that is recorded.
    await page.goto(`${url}&from=${at(HOURS + WEEK)}&to=${at(HOURS + DAY)}`);
    await line
      .getByText(/^older than what is recorded, which reaches back to [A-Z][a-z]{2} \d+ [A-Z][a-z]{2}/)
      .waitFor();
    expect(problems).toEqual([]);
    await packetlog.end();
  });
});
