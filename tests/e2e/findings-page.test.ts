/** Findings on the Live page: attacks by real tools, in a real browser. Needs root and chromium. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { ethernet, ipv4, tcp } from '../lab/frame.ts';
import { requireRoot } from '../lab/root.ts';
import { sendFrames } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { axeViolations, PHONE, screenshot } from './chromium.ts';
import { eachWithDashboard } from './dashboard.ts';
import { misfits } from './fit.ts';
import { listed } from './rules-command.ts';

const SCANNER = '203.0.113.66';
const PORTS = 3000;
const FLOOD = 15_000;

describe.skipIf(!requireRoot())('findings on the page', { timeout: 240_000 }, () => {
  const suite = eachWithDashboard({ ipv6: false });

  async function attack(): Promise<void> {
    const { client, link } = suite.network;
    const dst = link.server.ipv4;
    const scan = Array.from({ length: PORTS }, (_, i) =>
      ethernet(ipv4({ src: SCANNER, dst }, tcp({ src: 40_000, dst: i + 1 }))),
    );
    expect((await sendFrames(link.client, scan)).sent).toBe(PORTS);
    // hping3 exits with 1 if there was no answer.
    const flood = ['-S', '-p', '443', '--rand-source', '-i', 'u200', '-c', String(FLOOD), '-q', dst];
    await client.exec('hping3', ...flood).catch(() => undefined);
  }

  const finding = (page: Page, kind: string) => page.locator(`[data-testid=finding][data-kind=${kind}]`);

  test('are listed with a filter and one button; only a single source can be denied', async () => {
    const { packetlog, place, change, look, origin } = await suite.start();
    const { page, problems } = await suite.open(`${origin}/${change}`);
    expect(await page.getByTestId('findings').count()).toBe(0);
    await attack();
    const [scan, flood] = [finding(page, 'port_scan'), finding(page, 'syn_flood')];
    await scan.getByText(`${SCANNER} scanned 3,000 ports of ${suite.network.link.server.ipv4}`).waitFor();
    await flood
      .getByText(/^SYN flood: [\d,]+\/s from [\d,]+ sources, most of them new, to 192\.0\.2\.2:443$/)
      .waitFor();
    await flood.getByText('The sources may be forged.').waitFor();
    expect(await finding(page, 'syn_flood').getByRole('button', { name: /Deny/ }).count()).toBe(0);
    await screenshot(page, 'findings', false);
    expect(await axeViolations(page)).toEqual([]);
    // The lists below take what room is left.
    await until(async () => (await misfits(page)).length === 0, { what: 'everything to fit' });

    await scan.getByRole('button', { name: 'scanned' }).click();
    await until(
      async () => (await page.getByTestId('filter').inputValue()) === `src ${SCANNER} and dst 192.0.2.2 and tcp`,
      { what: 'the filter of the finding' },
    );

    await scan.getByRole('button', { name: `Deny source ${SCANNER}…` }).click();
    const sheet = page.getByRole('dialog');
    await until(async () => (await sheet.getByLabel('Source').inputValue()) === SCANNER, { what: 'the form' });
    await screenshot(page, 'findings-deny', false);
    await sheet.getByRole('button', { name: 'Add rule' }).click();
    await sheet.waitFor({ state: 'detached' });
    const { rules } = await listed(place);
    expect(rules).toMatchObject([{ action: 'deny', source: SCANNER, reason: 'port scan' }]);
    expect(rules[0]?.expires_at).toBeDefined();

    const phone = await suite.open(`${origin}/${look}`, { viewport: PHONE });
    await finding(phone.page, 'port_scan').getByRole('button', { name: 'Show packets' }).waitFor();
    await screenshot(phone.page, 'findings-phone', false);
    expect(await axeViolations(phone.page)).toEqual([]);
    await until(async () => (await misfits(phone.page)).length === 0, { what: 'everything to fit on a phone' });

    // They close while the page is open.
    await finding(page, 'syn_flood').and(page.locator('[data-open=false]')).waitFor({ timeout: 90_000 });
    expect([...problems, ...phone.problems]).toEqual([]);
    await packetlog.end();
  });
});
