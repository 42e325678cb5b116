/** Text from outside is shown as text in the dashboard. Needs root. */
import { mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, test } from 'vitest';
import { openPage } from '../e2e/chromium.ts';
import { eachWithDashboard } from '../e2e/dashboard.ts';
import { done } from '../e2e/rules-command.ts';
import { startProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';

const DNS = fileURLToPath(new URL('dns.mjs', import.meta.url));
const MARKUP = '<img src=x onerror=forged()><svg onload=forged()><script>forged()</script>';
const LINK = 'javascript:forged()';
/** The kernel keeps 15 bytes of a process's name. */
const PROCESS = '<b><i><u>x';
const NAME = '<img src=x onerror=forged()>.example';

/** Elements that only hostile text would make. */
const FORGED = 'main img, main b, main i, main u, main iframe, [onerror], [onload], [href^="javascript"], [src="x"]';

describe.skipIf(!requireRoot())('hostile text in the dashboard', () => {
  const suite = eachWithDashboard();
  let resolvers = '';
  afterEach(() => {
    if (resolvers === '') return;
    rmSync(resolvers, { recursive: true, force: true });
    // Other namespaces may have files there.
    if (readdirSync(dirname(resolvers)).length === 0) rmdirSync(dirname(resolvers));
  });

  async function expectOnlyText(page: Page): Promise<void> {
    expect(await page.locator(FORGED).count()).toBe(0);
    // Scripts of the page have a source of this origin, or a hash in its policy; React renders none from data.
    expect(await page.locator('main script').count()).toBe(0);
  }

  test('reasons of rules, names of files, processes and hosts, and filters: no element, no script', async () => {
    const { server, client, link } = suite.network;
    // `ip netns exec` mounts it over /etc/resolv.conf.
    resolvers = `/etc/netns/${server.name}`;
    mkdirSync(resolvers, { recursive: true });
    writeFileSync(`${resolvers}/resolv.conf`, 'nameserver 127.0.0.53\n');
    const dns = suite.own(startProcess(server, process.execPath, [DNS, NAME]));
    await dns.untilPrinted(/ready/);
    const listen = `process.title = '${PROCESS}'; require('node:dgram').createSocket('udp4').bind(4242, () => console.log('bound'))`;
    const listener = suite.own(startProcess(server, process.execPath, ['-e', listen]));
    await listener.untilPrinted(/bound/);
    const { packetlog, place, url, origin, look, change } = await suite.start('--reverse-dns');
    for (const reason of [MARKUP, LINK, `"><${MARKUP}`, "';forged();//", '{{constructor.constructor("forged()")()}}']) {
      await done(place, 'add', {
        rule: { action: 'observe', source: 'any', reason: reason.slice(0, 200), protocol: 'gre' },
      });
    }
    const file = place.path('<img src=x onerror=forged()>.txt');
    writeFileSync(file, '198.51.100.0/24\n');
    await done(place, 'import', {
      set: 'followed',
      entries: '198.51.100.0/24',
      file,
      action: 'observe',
      reason: MARKUP,
    });

    const { page, problems } = await suite.open(url);
    await sendUdp(client, { address: link.server.ipv4, ports: [4242], count: 3 });
    await page.getByTestId('live-row').first().click();
    const drawer = page.getByTestId('packet-drawer');
    await drawer.getByText(`${PROCESS} (pid ${listener.pid})`).waitFor();
    await drawer
      .getByRole('button', { name: /^Look up name/ })
      .first()
      .click();
    await drawer
      .getByText(/no name|<img/i)
      .first()
      .waitFor();
    await expectOnlyText(page);

    const rules = await suite.open(`${origin}/rules${change}`);
    await rules.page.getByText(MARKUP.slice(0, 40)).first().waitFor();
    await expectOnlyText(rules.page);

    const filtered = await openPage(suite.browser, `${origin}/${look}&filter=${encodeURIComponent(MARKUP)}`);
    await filtered.page.getByTestId('filter').waitFor();
    await filtered.page.locator('[data-testid=connection-state][data-state=live]').waitFor();
    await expectOnlyText(filtered.page);

    const fragment = encodeURIComponent(LINK);
    const linked = await openPage(
      suite.browser,
      `${origin}/${look}&loader=${fragment}&theme=${encodeURIComponent(MARKUP)}`,
    );
    await linked.page.getByTestId('filter').waitFor();
    await expectOnlyText(linked.page);

    for (const each of [...problems, ...rules.problems, ...filtered.problems, ...linked.problems]) {
      expect(each).not.toMatch(/Content Security Policy|forged/);
    }
    await packetlog.end();
  });
});
