// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
/** The Defence page, with a real browser, the real loader and real packets. Needs root and chromium. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RuleDraft } from '@packetlog/common';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ethernet, ipv4, tcp } from '../lab/frame.ts';
import { recordsIn } from '../lab/recorded.ts';
import { requireRoot } from '../lab/root.ts';
import { sendFrames, sendUdp, startTcpEcho } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { axeViolations, DESKTOP, PHONE, screenshot, TABLET, untilApplied } from './chromium.ts';
import { eachWithDashboard } from './dashboard.ts';
import { misfits } from './fit.ts';
import { done, listed } from './rules-command.ts';
import { tabThrough } from './tab-stops.ts';

const SCANNER = '203.0.113.66';
const PORTS = 300;
/** Connections that the limit with bans permits at once. */
const MOST = 5;
const OTHER_TOKEN = 'another-token-of-the-test-9876543210';

describe.skipIf(!requireRoot())('the Defence page', () => {
  const suite = eachWithDashboard({ ipv6: false });
  let parent: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'packetlog-defence-'));
    // The core is not root.
    chmodSync(parent, 0o755);
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  const send = (count: number) =>
    sendUdp(suite.network.client, { address: suite.network.link.server.ipv4, count, ports: [4242] });

  const limit = (page: Page) => page.getByTestId('limit');
  const untilState = (page: Page, state: string) =>
    limit(page)
      .and(page.locator(`[data-state=${state}]`))
      .waitFor();
  const counts = async (page: Page) => ({
    seen: Number(await page.getByTestId('limit-seen').getAttribute('data-value')),
    over: Number(await page.getByTestId('limit-over').getAttribute('data-value')),
  });

  test('explains limits, adds one, enforces it, and observes again', async () => {
    const record = join(parent, 'record');
    const { packetlog, origin, place, change } = await suite.start('--sample', 'off', '--record-dir', record);
    const { page, problems } = await suite.open(`${origin}/${change}`);
    await page.getByRole('link', { name: 'Defence' }).click();
    await page.getByText('No limits yet.').waitFor();
    for (const text of ['No source is banned.', 'None yet.', 'No findings since the loader started.'])
      await page.getByText(text).waitFor();
    await screenshot(page, 'defence-empty', false);
    expect(await axeViolations(page)).toEqual([]);

    // A preset is added at once, because it observes, and can be undone.
    await page.getByRole('button', { name: 'Add preset icmp' }).click();
    await until(async () => (await limit(page).count()) === 2, { what: 'the two limits of the preset' });
    await page.getByRole('button', { name: 'Presets…' }).click();
    const presets = page.getByRole('dialog', { name: 'Presets' });
    await presets.getByTestId('preset').filter({ hasText: 'icmp' }).getByText('added', { exact: true }).waitFor();
    await screenshot(page, 'defence-presets', false);
    expect(await axeViolations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByTestId('toast-undo').click();
    await page.getByText('No limits yet.').waitFor();

    await page.keyboard.press('a');
    const dialog = page.getByRole('dialog');
    await dialog.locator('[name=protocol]').fill('udp');
    await dialog.locator('[name=rate]').fill('20/h');
    await dialog.getByTestId('rule-preview').getByText('Will limit packets from any source').waitFor();
    await screenshot(page, 'defence-add', false);
    await dialog.getByRole('button', { name: 'Add rule' }).click();
    await untilState(page, 'observing');
    await send(40);
    await until(async () => (await counts(page)).seen === 40, { what: '40 packets of the limit' });
    const { over } = await counts(page);
    expect([10, 11]).toContain(over);
    const bucket = page.getByTestId('bucket');
    await bucket.getByText('over', { exact: true }).waitFor();
    expect(await bucket.textContent()).toBe(`${suite.network.link.client.ipv4}100 %over`);

    await page.getByRole('button', { name: 'Enforce limit 3…' }).click();
    await dialog.getByTestId('enforce-counts').getByText(`Of 40 packets that it saw, ${over} were over`).waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'defence-enforce', false);
    await dialog.getByRole('button', { name: 'Enforce', exact: true }).click();
    await dialog.getByText('This limit was not tried.').waitFor();
    await screenshot(page, 'defence-untried', false);
    await dialog.getByRole('button', { name: 'Enforce now' }).waitFor();
    await until(async () => recordsIn(record) >= 40, { what: 'all packets on the disk' });
    await dialog.getByRole('button', { name: '1 h' }).click();
    await dialog.getByTestId('past-limit').getByText('20 of 40 would have been over, from 1 bucket.').waitFor();
    await screenshot(page, 'defence-tried', false);
    await dialog.getByRole('button', { name: 'Enforce', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await untilState(page, 'confirming');
    await screenshot(page, 'defence-confirming', false);
    await page.getByRole('button', { name: 'Confirm' }).click();
    await untilState(page, 'enforcing');
    expect((await listed(place)).rules).toMatchObject([{ action: 'limit', enforce: true }]);
    await send(10);
    await until(async () => (await counts(page)).over === over + 10, { what: '10 more packets over the limit' });

    await page.getByRole('button', { name: 'Observe with limit 3' }).click();
    await untilState(page, 'observing');
    await page.getByRole('button', { name: 'Remove limit 3' }).click();
    await page.getByText('No limits yet.').waitFor();
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('shows everything to a read-only connection, without buttons that change', async () => {
    const { packetlog, origin, place, look } = await suite.start();
    await done(place, 'add', {
      rule: { action: 'limit', source: 'any', protocol: 'udp', rate: '20/h', reason: 'lab' },
    });
    const { page, problems } = await suite.open(`${origin}/defence${look}`);
    await untilState(page, 'observing');
    await page.getByTestId('read-only').waitFor();
    await page.context().grantPermissions(['notifications'], { origin });
    await page.evaluate(recordNotifications);
    await page.getByTestId('notify').click();
    await page.getByRole('button', { name: 'Stop notifying' }).waitFor();
    await send(40);
    const { link } = suite.network;
    const dst = link.server.ipv4;
    const scan = Array.from({ length: PORTS }, (_, i) =>
      ethernet(ipv4({ src: SCANNER, dst }, tcp({ src: 40_000, dst: i + 1 }))),
    );
    expect((await sendFrames(link.client, scan)).sent).toBe(PORTS);
    const history = page.getByTestId('finding-history');
    await history.getByText(`${SCANNER} scanned ${PORTS} ports of ${dst}`).waitFor();
    const notified = await until(() => page.evaluate<string[] | false>('notified.length > 0 && notified'), {
      what: 'a notification',
    });
    expect(notified).toEqual([
      expect.stringMatching(new RegExp(`^.+: ${SCANNER} scanned \\d+ ports of ${dst} in \\d+ s$`)),
    ]);
    await until(async () => (await counts(page)).seen === 40, { what: '40 packets of the limit' });
    for (const name of [/Enforce/, /^Edit/, /^Remove/, /Add limit/, /Deny source/])
      expect(await page.getByRole('button', { name }).count()).toBe(0);
    await screenshot(page, 'defence', false);
    const { missed, unseen } = await tabThrough(page);
    expect({ missed, unseen }).toEqual({ missed: [], unseen: [] });
    for (const [size, viewport] of Object.entries({ tablet: TABLET, phone: PHONE })) {
      await page.setViewportSize(viewport);
      await until(async () => (await misfits(page)).length === 0, { what: `everything to fit the ${size}` });
      expect(await axeViolations(page), size).toEqual([]);
      await screenshot(page, `defence-${size}`, false);
    }
    // A finding leads to its packets.
    await history.getByRole('button', { name: 'Show packets' }).click();
    await page.getByTestId('live-table').waitFor();
    await page.locator('[data-testid=chart-events] [data-kind=finding]').waitFor();
    expect(await page.getByTestId('filter').inputValue()).toBe(`src ${SCANNER} and dst ${dst} and tcp`);
    // On the phone, the reason of a row is whole.
    await page.getByTestId('filter').fill('udp');
    await page.keyboard.press('Enter');
    await untilApplied(page, 'udp');
    await send(5);
    const reasons = page.getByTestId('live-row').locator('.cell-reason').filter({ hasText: 'limit 1 would deny' });
    await reasons.first().waitFor();
    await screenshot(page, 'defence-rows-phone', false);
    const overflow = await reasons.evaluateAll((cells) => cells.map((cell) => cell.scrollWidth - cell.clientWidth));
    expect(new Set(overflow)).toEqual(new Set([0]));
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('shows a ban with its evidence, marks its rows, and ends it', async () => {
    const { packetlog, origin, place, change } = await suite.start();
    const { link, client, server } = suite.network;
    const source = link.client.ipv4;
    // The limit is for the first port, a ban for both.
    const [echo, other] = [await startTcpEcho(server, '::'), await startTcpEcho(server, '::')];
    const connect = async (port: number) =>
      (await client.agent()).ask('tryTcp', {
        address: link.server.ipv4,
        port,
        timeoutMs: 500,
        localAddress: source,
      });
    const rule: RuleDraft = {
      action: 'limit',
      source: 'any',
      protocol: 'tcp',
      destination_port: echo.port,
      rate: `${MOST}/h`,
      measure: 'connections',
      then: 'ban:1h..24h',
      reason: 'lab',
      enforce: true,
    };
    await done(place, 'add', { rule, now: true });
    await done(place, 'confirm', {});
    const { page, problems } = await suite.open(`${origin}/defence${change}`);
    await page.getByText('No source is banned.').waitFor();
    for (let i = 0; i <= MOST; i++) await connect(echo.port);
    const ban = page.getByTestId('ban');
    await ban.getByText(source).waitFor();
    await page.getByTestId('ban-count').getByText('1').waitFor();
    await page.getByRole('button', { name: `Why is ${source} banned?` }).click();
    const sheet = page.getByTestId('decision-sheet');
    const dialog = page.getByRole('dialog');
    await dialog.getByText(new RegExp(`^Banned for 1 h: .*to tcp port ${echo.port} in .*, limit ${MOST}/h`)).waitFor();
    expect(await sheet.locator('[data-guard][data-passed=true]').count()).toBe(7);
    await sheet.getByTestId('sample').first().getByText(`${link.server.ipv4}:${echo.port}`).waitFor();
    await screenshot(page, 'defence-why', false);
    for (const viewport of [PHONE, DESKTOP]) {
      await page.setViewportSize(viewport);
      expect(await axeViolations(page)).toEqual([]);
    }
    await page.keyboard.press('Escape');
    await screenshot(page, 'defence-ban', false);

    // A row that the ban denied leads to its decision.
    await page.getByRole('link', { name: 'Live' }).click();
    expect(await connect(other.port)).toBe(false);
    const row = page.locator('[data-testid=live-row][data-verdict=deny]').first();
    await row.getByText('banned').waitFor();
    await page.locator('[data-testid=chart-events] [data-kind=ban]').waitFor();
    await screenshot(page, 'defence-banned-row', false);
    await row.getByText('banned').click();
    await dialog.getByText(/^Banned for 1 h: /).waitFor();
    await dialog.getByRole('button', { name: 'Undo', exact: true }).click();
    await page.getByTestId('toasts').getByText('1 ban was ended.').waitFor();
    await page.getByText('No source is banned.').waitFor();
    expect(await connect(other.port)).toBe(true);

    const ended = page.getByTestId('ended-ban');
    await ended.getByText(new RegExp(`^${source}: undone after .* by .*Banned for 1 h: .*port ${echo.port}`)).waitFor();
    await page.getByText('1 undone since the start').waitFor();
    for (const [size, viewport] of Object.entries({ desktop: DESKTOP, tablet: TABLET, phone: PHONE })) {
      await page.setViewportSize(viewport);
      await until(async () => (await misfits(page)).length === 0, { what: `everything to fit the ${size}` });
      expect(await axeViolations(page), size).toEqual([]);
      await screenshot(page, `defence-ended-${size}`, false);
    }
    await ended.getByRole('button', { name: `Why was ${source} banned?` }).click();
    await sheet.getByText('Undone').waitFor();
    await screenshot(page, 'defence-ended-why', false);
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('shows the sums of each node while all are shown, and leads to one of them', async () => {
    const { link } = suite.network;
    const first = await suite.start();
    const second = await suite.startAt(link.client, OTHER_TOKEN, '--allow-origin', first.origin);
    // The first loader has to allow the address of the second, which is known now.
    await first.packetlog.end();
    const serving = await suite.serve(first.port, '--allow-node', second.origin);
    const rule = { action: 'limit', source: 'any', protocol: 'udp', rate: '20/h', reason: 'lab' } as const;
    await done(second.place, 'add', { rule });
    const { page, problems } = await suite.open(first.url);
    await page.getByRole('link', { name: 'Nodes' }).click();
    await page.getByTestId('add-node').click();
    const fields = { address: second.origin, token: OTHER_TOKEN, name: 'second' };
    for (const [name, value] of Object.entries(fields)) await page.locator(`input[name="node-${name}"]`).fill(value);
    await page.getByTestId('save-node').click();
    await page.getByRole('button', { name: 'Show all nodes' }).click();
    await page.getByRole('link', { name: 'Defence' }).click();
    const node = page.getByTestId('defence-node').filter({ hasText: 'second' });
    await node.getByText('1 observing').waitFor();
    expect(await page.getByTestId('defence-node').count()).toBe(2);
    expect(await page.getByTestId('limit').count()).toBe(0);
    for (const viewport of [PHONE, DESKTOP]) {
      await page.setViewportSize(viewport);
      expect(await axeViolations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      await screenshot(page, `defence-nodes-${viewport.width}`, false);
    }
    await node.getByRole('button', { name: 'second' }).click();
    await untilState(page, 'observing');
    expect(problems).toEqual([]);
    await second.packetlog.end();
    await serving.end();
  });
});

/** Records what the page notifies of, besides showing it. Evaluated in the page. */
const recordNotifications = `{
  globalThis.notified = [];
  const Shown = Notification;
  globalThis.Notification = class extends Shown {
    constructor(title, options) {
      super(title, options);
      notified.push(options.body);
    }
  };
}`;
