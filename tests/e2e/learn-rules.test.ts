/** `packetlog rules learn` and its page, over packets that a loader records, against the senders' counts. Needs root. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PastDryRunReport, PastLearned } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { untilArrived } from '../lab/arrival.ts';
import { ethernet, ipv4, udp } from '../lab/frame.ts';
import { recordsIn } from '../lab/recorded.ts';
import { requireRoot } from '../lab/root.ts';
import { receiveUdp, sendFrames, sendUdp, type UdpReceiver } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { axeViolations, PHONE, screenshot } from './chromium.ts';
import { eachWithDashboard } from './dashboard.ts';
import { misfits } from './fit.ts';
import { rules, rulesDone, rulesReading } from './rules-command.ts';

/** Ports that only the scanner sends to, in turn, and one that others send to as well. */
const SCANNED = [2323, 2324, 8080];
const PER_PORT = 100;
const SHARED = 5353;
const SHARED_SENT = 40;
const OTHER = '203.0.113.77';
const OTHER_SENT = 60;
const ALL = SCANNED.length * PER_PORT + SHARED_SENT + OTHER_SENT;

describe.skipIf(!requireRoot())('rules learned from recorded packets', { timeout: 240_000 }, () => {
  const suite = eachWithDashboard({ ipv6: false });
  let parent: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'packetlog-learn-'));
    // The core is not root.
    chmodSync(parent, 0o755);
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  const directory = () => join(parent, 'record');
  const scanner = () => suite.network.link.client.ipv4;
  const send = (ports: readonly number[], count: number) =>
    sendUdp(suite.network.client, { address: suite.network.link.server.ipv4, ports, count });

  /** Starts a loader that records, and sends what the tests look for. */
  async function recorded() {
    const { link } = suite.network;
    const loader = await suite.start('--sample', 'off', '--record-dir', directory());
    await send(SCANNED, SCANNED.length * PER_PORT);
    await send([SHARED], SHARED_SENT);
    const frame = ethernet(ipv4({ src: OTHER, dst: link.server.ipv4 }, udp({ dst: SHARED })));
    expect((await sendFrames(link.client, [frame], { repeat: OTHER_SENT })).sent).toBe(OTHER_SENT);
    await untilArrived(link.server, ALL);
    await until(async () => recordsIn(directory()) >= ALL, { what: 'all packets on the disk' });
    return loader;
  }

  const received = async (receivers: readonly UdpReceiver[]) =>
    Promise.all(receivers.map(async (receiver) => (await receiver.received()).received));

  test('deny exactly what only the scanner sent: the receiver sees none of it, and all else', async () => {
    const { server, link } = suite.network;
    const address = link.server.ipv4;
    const receivers = await Promise.all([...SCANNED, SHARED].map((port) => receiveUdp(server, address, port)));
    const { packetlog, place } = await recorded();
    const learn = ['learn', '--from', '-1h', '--dir', directory()];
    const bySource = [...learn, '--source', scanner()];
    const json = JSON.parse(await rulesDone(server, place, ...bySource, '--print', 'json')) as PastLearned & {
      dry_run: PastDryRunReport;
    };
    const kinds = [...SCANNED].map((port) => ({ ip_protocol: 17, port, packets: PER_PORT, sources: 1 }));
    expect(json.only.entries).toMatchObject(kinds);
    expect(json.only.distinct).toBe(SCANNED.length);
    expect(json.shared.entries).toMatchObject([
      { ip_protocol: 17, port: SHARED, packets: SHARED_SENT, sources: 1, other_packets: OTHER_SENT },
    ]);
    expect(
      json.by_kind.rules.map(({ rule: { source, protocol, destination_port } }) => [
        source,
        protocol,
        destination_port,
      ]),
    ).toEqual([
      ['any', 'udp', '2323-2324'],
      ['any', 'udp', 8080],
    ]);
    expect(json.by_kind.uncovered.packets).toBe(0);
    expect(json.by_kind.warnings).toEqual([
      expect.stringContaining('This machine listens on UDP 2323, UDP 2324, UDP 8080:'),
    ]);
    expect(json.by_source.rules).toMatchObject([{ action: 'deny', source: scanner() }]);
    const scanned = SCANNED.length * PER_PORT;
    expect(json.dry_run).toMatchObject({
      newly_denied: { packets: scanned, records: scanned, sources: 1 },
      denied: { packets: scanned },
    });

    // The filter has the same sources.
    const byFilter = await rulesDone(server, place, ...learn, `udp dst port ${SCANNED[0]}`, '--json');
    expect((JSON.parse(byFilter) as PastLearned).only).toEqual(json.only);
    const text = await rulesDone(server, place, ...bySource);
    expect(text).toContain(`1 source sent ${scanned + SHARED_SENT} packets.`);
    expect(text).toContain(`Would have denied ${scanned} packets that were not denied then`);
    const both = await rules(server, place, ...bySource, 'udp');
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('either --source or a filter')]);

    const before = await received(receivers);
    expect(before.slice(0, SCANNED.length)).toEqual(SCANNED.map(() => PER_PORT));
    const commands = await rulesDone(server, place, ...bySource, '--print', 'commands');
    const lines = commands.replaceAll(/^packetlog rules add /gm, '');
    expect(await rulesReading(server, place, lines, 'add', '-')).toMatchObject({ code: 0, stderr: '' });
    await rulesDone(server, place, 'confirm');
    await send(SCANNED, scanned);
    await send([SHARED], SHARED_SENT);
    await untilArrived(link.server, ALL + scanned + SHARED_SENT);
    const last = SCANNED.length;
    await until(async () => (await received(receivers))[last] === (before[last] ?? 0) + SHARED_SENT, {
      what: 'what others send to be received',
    });
    expect((await received(receivers)).slice(0, last)).toEqual(before.slice(0, last));
    await packetlog.end();
  });

  test('are proposed on the page for the sources of a filter, with their dry run, and open in the form', async () => {
    const { server } = suite.network;
    const { packetlog, place, origin, change } = await recorded();
    const { page, problems } = await suite.open(`${origin}/${change}&filter=udp+dst+port+${SCANNED[0]}`);
    await page.getByTestId('learn-button').click();
    const sheet = page.getByRole('dialog', { name: 'Propose rules from these sources' });
    const learned = sheet.getByTestId('learned');
    await learned.waitFor();
    const scanned = SCANNED.length * PER_PORT;
    expect(await learned.getAttribute('data-packets')).toBe(String(scanned));
    await learned.getByText(`1 source sent ${scanned + SHARED_SENT} packets`).waitFor();
    const report = sheet.getByTestId('past-dry-run-report');
    await report.waitFor();
    expect(await report.getAttribute('data-denied')).toBe(String(scanned));
    const proposed = sheet.getByTestId('proposed-rule');
    expect(await proposed.count()).toBe(2);
    expect(await axeViolations(page)).toEqual([]);
    expect(await misfits(page)).toEqual([]);
    await screenshot(page, 'learn', false);

    await sheet.getByRole('button', { name: 'Add the rule any source, udp ports 2323-2324' }).click();
    const form = page.getByRole('dialog', { name: 'Add a rule' });
    expect(await form.locator('[name=source]').inputValue()).toBe('any');
    expect(await form.locator('[name=port]').inputValue()).toBe('2323-2324');
    await form.getByRole('button', { name: 'Add rule' }).click();
    await form.waitFor({ state: 'detached' });
    await proposed.filter({ hasText: '2323-2324' }).getByText('added').waitFor();
    // A rule for any source is a risky change.
    await sheet.getByRole('button', { name: 'Revert now' }).waitFor();
    expect(await misfits(page)).toEqual([]);
    await screenshot(page, 'learn-added', false);
    await sheet.getByRole('button', { name: 'Confirm' }).click();
    await sheet.getByTestId('learn-pending').waitFor({ state: 'detached' });
    const { rules: inForce } = JSON.parse(await rulesDone(server, place, 'list', '--json')) as {
      rules: { protocol: string; destination_port: string; reason: string }[];
    };
    expect(inForce).toMatchObject([
      {
        protocol: 'udp',
        destination_port: '2323-2324',
        reason: expect.stringContaining(`Only ${scanner()} sent this`),
      },
    ]);

    // Everything from the source.
    await sheet.getByText('these sources', { exact: true }).click();
    await proposed.filter({ hasText: scanner() }).waitFor();
    await until(async () => (await report.getAttribute('data-denied')) === String(scanned + SHARED_SENT), {
      what: 'the dry run of the rule by source',
    });
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'detached' });

    const phone = await suite.open(`${origin}/${change}&filter=udp+dst+port+${SCANNED[0]}`, { viewport: PHONE });
    await send([SCANNED[0] as number], 1);
    await phone.page.getByTestId('live-row').first().click();
    // The packet's details cover the bar.
    await phone.page.getByTestId('packet-drawer').waitFor();
    await phone.page.keyboard.press('Escape');
    await phone.page.getByTestId('packet-drawer').waitFor({ state: 'detached' });
    expect(await misfits(phone.page)).toEqual([]);
    await phone.page.keyboard.press('Escape');
    await phone.page.getByTestId('learn-button').waitFor();
    expect(await misfits(phone.page)).toEqual([]);
    await screenshot(phone.page, 'learn-bar-phone', false);
    await phone.page.getByTestId('learn-button').click();
    await phone.page.getByTestId('past-dry-run-report').waitFor();
    expect(await misfits(phone.page)).toEqual([]);
    await screenshot(phone.page, 'learn-phone', false);
    expect([...problems, ...phone.problems]).toEqual([]);
    await packetlog.end();
  });

  test('are proposed for the source of a selected packet, from the palette, and not to a read-only page', async () => {
    const { packetlog, origin, change, url } = await recorded();
    const { page, problems } = await suite.open(`${origin}/${change}`);
    await send([SHARED], 1);
    await page.getByTestId('live-row').first().click();
    await page.getByTestId('learn-button').waitFor();
    await page.keyboard.press('Control+k');
    await page.getByTestId('palette').waitFor();
    await page.keyboard.type('Propose rules');
    await page.locator('[data-testid=palette] [aria-selected=true]').getByText('Propose rules').waitFor();
    await page.keyboard.press('Enter');
    const sheet = page.getByRole('dialog', { name: 'Propose rules from these sources' });
    await sheet.getByTestId('learned').waitFor();
    await sheet.getByText(scanner(), { exact: true }).first().waitFor();
    expect(await sheet.getByTestId('learned').getAttribute('data-packets')).toBe(String(SCANNED.length * PER_PORT));
    await page.keyboard.press('Escape');

    const reader = await suite.open(`${url}&filter=udp`);
    await reader.page.getByTestId('group-button').waitFor();
    expect(await reader.page.getByTestId('learn-button').count()).toBe(0);
    expect([...problems, ...reader.problems]).toEqual([]);
    await packetlog.end();
  });
});
