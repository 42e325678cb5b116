/** States of the dashboard that the demo does not reach. Real browser, loader and packets; needs root and chromium. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { exact, openPage } from './chromium.ts';
import { eachWithDashboard } from './dashboard.ts';
import { shoot, testId } from './gallery.ts';

const RULES = 10_000;
const LOST = 240;
const FLOOD_PER_SECOND = 10_000;
const FLOOD = 5 * FLOOD_PER_SECOND;

const suite = eachWithDashboard();

test.skipIf(!requireRoot())(
  'the pages without packets, with loss, in a flood, with 10,000 rules and without access follow axe and fit their window',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'packetlog-gallery-'));
    try {
      const rules = Array.from({ length: RULES }, (_, i) => ({
        action: 'deny',
        source: `203.0.${i >> 8}.${i & 255}`,
        reason: 'from a list',
      }));
      await writeFile(join(directory, 'rules.json'), JSON.stringify({ version: 1, rules }));
      const { link, client } = suite.network;
      const options = ['--rules', join(directory, 'rules.json'), '--simulate-loss', String(LOST)];
      const { origin, url, look } = await suite.start(...options);
      const send = async (count: number, perSecond = 1000) => {
        const { sent } = await sendUdp(client, { address: link.server.ipv4, count, ports: [53, 443, 22], perSecond });
        expect(sent).toBe(count);
      };

      const { page, problems } = await suite.open(url);
      await shoot(page, 'empty', testId('live-table'));
      await send(LOST + 12);
      await until(async () => (await exact(page, 'total-lost')) === LOST, { what: `${LOST} rows to be lost` });
      await shoot(page, 'loss', testId('live-row'));
      const flooding = send(FLOOD, FLOOD_PER_SECOND);
      await until(async () => (await exact(page, 'total-seen')) > FLOOD_PER_SECOND, {
        what: 'the flood to be counted',
      });
      await shoot(page, 'flood', testId('live-row'));
      await flooding;
      await page.goto(`${origin}/rules${look}`);
      await page.getByTestId('rule-row').first().waitFor();
      await shoot(page, 'rules-10000', testId('rule-row'));
      expect(problems).toEqual([]);

      const stranger = await openPage(suite.browser, `${origin}/#token=not-the-token-of-this-loader`);
      await shoot(stranger.page, 'rejected', '[data-testid=connection-state][data-state=rejected]');
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
  process.env['UPDATE_SCREENSHOTS'] === '1' ? 1_500_000 : 400_000,
);
