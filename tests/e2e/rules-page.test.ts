/** Rules in the dashboard, with a real browser, the real loader and real packets. Needs root and chromium. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { untilArrived } from '../lab/arrival.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { axeViolations, DESKTOP, exact, PHONE, screenshot, untilApplied } from './chromium.ts';
import { ADMIN_TOKEN, eachWithDashboard } from './dashboard.ts';
import { done, rulesDone } from './rules-command.ts';

describe.skipIf(!requireRoot())('rules in the dashboard', () => {
  const suite = eachWithDashboard();

  const send = (count: number) => sendUdp(suite.network.client, { address: suite.network.link.server.ipv4, count });

  test('deny from a row: the count of denied packets rises, and stops when it is undone', async () => {
    const { link } = suite.network;
    const { packetlog, origin, change } = await suite.start();
    const { page, problems } = await suite.open(`${origin}/${change}`);
    expect(page.url()).not.toContain(ADMIN_TOKEN);
    await send(3);
    await page.getByTestId('live-row').first().click();
    expect(await page.getByTestId('selected-packet').textContent()).toContain(link.client.ipv4);
    await page.keyboard.press('d');
    await page.locator('[name=reason]').fill('login abuse');
    expect(await page.getByTestId('rule-preview').textContent()).toBe(
      `Will deny packets from ${link.client.ipv4} for 1 h: login abuse.`,
    );
    expect(await axeViolations(page)).toEqual([]);
    await page.getByTestId('deny-submit').click();
    await page.getByTestId('toast-undo').waitFor();

    expect(await exact(page, 'total-denied')).toBe(0);
    await send(40);
    await until(async () => (await exact(page, 'total-denied')) === 40, { what: '40 denied' });
    await page.locator('[data-testid=live-row][data-verdict=deny]').first().waitFor();
    expect(await axeViolations(page)).toEqual([]);

    // The rule number in the row links to the rule.
    await page.locator('[data-testid=live-row] .rule-link').first().click();
    await page.waitForURL('**/rules');
    await page.getByRole('dialog', { name: /Rule/ }).getByText('login abuse').first().waitFor();
    await page.keyboard.press('Escape');
    const row = page.getByTestId('rule-row');
    await until(async () => (await row.locator('.rule-packets').getAttribute('data-value')) === '40', {
      what: 'the rule to have counted 40',
    });
    // The button, the message and the key undo the same change; each undo can be redone. A message disappears after ten
    // seconds, but not under the pointer.
    const undone = `Undone: deny ${link.client.ipv4}.`;
    await page.getByTestId('undo').click();
    await page.getByTestId('toast-redo').hover();
    await row.waitFor({ state: 'detached' });
    await page.getByTestId('toasts').getByText(undone).waitFor();
    await page.getByTestId('toast-redo').click();
    await page.getByTestId('toast-undo').hover();
    await row.waitFor();
    await page.getByTestId('toast-undo').click();
    await row.waitFor({ state: 'detached' });
    await page.getByTestId('redo').click();
    await row.waitFor();
    await page.keyboard.press('u');
    await row.waitFor({ state: 'detached' });
    await page.getByTestId('toasts').getByText(undone).waitFor();
    await send(7);
    await untilArrived(link.server, 50);
    await page.getByRole('link', { name: 'Live' }).click();
    await until(async () => (await exact(page, 'total-seen')) >= 50, { what: '50 seen' });
    expect(await exact(page, 'total-denied')).toBe(40);
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('a rule is tried in a dry run, added, changed and removed, and each change is audited', async () => {
    const { client, link } = suite.network;
    const { packetlog, origin, change } = await suite.start();
    const { page, problems } = await suite.open(`${origin}/rules${change}`);
    await page.getByRole('button', { name: 'Add the first rule' }).click();
    await page.locator('[name=source]').fill('198.51.100.7/24');
    await page.getByText('198.51.100.0/24').waitFor();
    await page.locator('[name=source]').fill(link.client.ipv4);
    await page.locator('[name=protocol]').fill('udp');
    await page.locator('[name=port]').fill('9');
    await page.locator('[name=reason]').fill('nobody needs discard');

    await page.getByTestId('dry-run-10').click();
    const report = page.getByTestId('dry-run-report');
    // The page does not show when the dry run begins: send packets until it ends, every second one to port 9.
    let pairs = 0;
    while (!(await report.isVisible())) {
      await sendUdp(client, { address: link.server.ipv4, count: 2, ports: [9, 53] });
      pairs++;
    }
    const denied = Number(await report.getAttribute('data-denied'));
    expect(denied).toBeGreaterThan(pairs / 2);
    expect(denied).toBeLessThanOrEqual(pairs);
    expect(await report.textContent()).toContain(link.client.ipv4);
    expect(await axeViolations(page)).toEqual([]);
    expect(await exact(page, 'total-denied')).toBe(0);

    await page.getByRole('dialog').getByRole('button', { name: 'Add rule' }).click();
    const row = page.getByTestId('rule-row');
    await row.waitFor();
    expect(await row.textContent()).toContain('udp port 9');
    await page.getByRole('button', { name: /^Edit rule/ }).click();
    await page.locator('[name=port]').fill('9-19');
    await page.getByRole('button', { name: 'Save' }).click();
    await row.getByText('udp ports 9-19').waitFor();
    await page.getByTestId('remove-rule').click();
    await row.waitFor({ state: 'detached' });
    await page
      .getByTestId('undo')
      .getByText(/^Undo: removal of deny/)
      .click();
    await row.getByText('udp ports 9-19').waitFor();

    await page.getByRole('tab', { name: 'Changes' }).click();
    const changes = page.getByTestId('changes');
    for (const words of ['added rule 1', 'changed rule 1', 'removed rule 1', 'undo of removal of deny'])
      await changes.getByText(words).first().waitFor();
    expect(await axeViolations(page)).toEqual([]);
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('a limit is added in the form, and the list shows what was over it and that it observes', async () => {
    const { packetlog, origin, change } = await suite.start();
    const { page, problems } = await suite.open(`${origin}/rules${change}`);
    await page.getByRole('button', { name: 'Add the first rule' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('limit', { exact: true }).click();
    await page.locator('[name=source]').fill('any');
    await page.locator('[name=protocol]').fill('udp');
    await page.locator('[name=rate]').fill('20/h');
    expect(await page.getByTestId('rule-preview').textContent()).toContain(
      'Will limit packets from any source with udp to 20 packets/h per source (/64) [observing] for 1 h',
    );
    expect(await axeViolations(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Add rule' }).click();
    const row = page.getByTestId('rule-row');
    await row.getByText('20 packets/h per source (/64) [observing]').waitFor();
    await send(40);
    await row.getByText(/^1[01] over of 40$/).waitFor();
    expect(await axeViolations(page)).toEqual([]);
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('a rule gets conditions in the form, loses one, and is listed with the others', async () => {
    const { packetlog, origin, change } = await suite.start();
    const { page, problems } = await suite.open(`${origin}/rules${change}`);
    await page.getByRole('button', { name: 'Add the first rule' }).click();
    const dialog = page.getByRole('dialog');
    await page.locator('[name=source]').fill('198.51.100.0/24');
    expect(await page.locator('[name=tcp_flags]').count()).toBe(0);
    await dialog.getByRole('button', { name: 'More conditions' }).click();
    await page.locator('[name=tcp_flags]').fill('syn,!ack');
    await page.getByText('Only TCP has flags: write the protocol tcp.').waitFor();
    await page.locator('[name=protocol]').fill('tcp');
    await page.locator('[name=destination]').fill('192.0.2.2');
    await page.locator('[name=length]').fill('0-80');
    expect(await page.getByTestId('rule-preview').textContent()).toBe(
      'Will deny packets from 198.51.100.0/24 with tcp, to 192.0.2.2, SYN and not ACK, frames of at most 80 bytes for 1 h.',
    );
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'rule-conditions', false);
    await page.setViewportSize(PHONE);
    expect(await axeViolations(page)).toEqual([]);
    await dialog.getByRole('checkbox').scrollIntoViewIfNeeded();
    await screenshot(page, 'rule-conditions-phone', false);
    await page.setViewportSize(DESKTOP);
    await dialog.getByRole('button', { name: 'Add rule' }).click();
    const row = page.getByTestId('rule-row');
    await row.getByText('SYN and not ACK, frames of at most 80 bytes').waitFor();
    await page.getByRole('button', { name: /^Edit rule/ }).click();
    await page.locator('[name=length]').fill('');
    await page.getByRole('button', { name: 'Save' }).click();
    await row.getByText(/, to 192\.0\.2\.2, SYN and not ACK$/).waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'rule-conditions-list', false);
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('an alarm about a rejected rules file stays on the page until the file is corrected', async () => {
    const { packetlog, origin, place, look } = await suite.start();
    await done(place, 'add', { rule: { action: 'deny', source: '203.0.113.7' } });
    const { page, problems } = await suite.open(`${origin}/rules${look}`);
    await page.getByTestId('rule-row').waitFor();
    const file = place.path('rules.json');
    const good = readFileSync(file, 'utf8');
    const reload = (text: string) => {
      writeFileSync(file, text);
      process.kill(packetlog.pid, 'SIGHUP');
    };
    const alarms = page.getByTestId('rules-alarms');
    reload(good.replace('203.0.113.7', 'set:typo'));
    await alarms.getByText('there is no set typo').waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await page.setViewportSize(PHONE);
    expect(await axeViolations(page)).toEqual([]);
    reload(good);
    await alarms.waitFor({ state: 'detached' });
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('a rule of the fleet is marked, found by its mark, and explained in its sheet', async () => {
    const { packetlog, origin, place, change } = await suite.start();
    const rule = { action: 'deny', source: '203.0.113.7', reason: 'scanners', group: 'web', created_by: 'ann via hub' };
    const own = { action: 'deny', source: '203.0.113.8', reason: 'login abuse' };
    writeFileSync(place.path('rules.json'), JSON.stringify({ version: 1, rules: [rule, own] }));
    process.kill(packetlog.pid, 'SIGHUP');
    const { page, problems } = await suite.open(`${origin}/rules${change}`);
    const rows = page.getByTestId('rule-row');
    await rows.nth(1).waitFor();
    for (const [name, size] of [
      ['desktop', DESKTOP],
      ['phone', PHONE],
    ] as const) {
      await page.setViewportSize(size);
      expect(await rows.filter({ hasText: '203.0.113.7' }).locator('.rule-reason').textContent()).toBe(
        'fleet: web scanners',
      );
      expect(await axeViolations(page)).toEqual([]);
      await screenshot(page, `fleet-rule-${name}`, false);
    }
    await page.setViewportSize(DESKTOP);
    await page.getByRole('searchbox').fill('fleet:');
    await rows.nth(1).waitFor({ state: 'detached' });
    await rows.first().click();
    await page.getByRole('dialog').getByText('Group web. The hub sets this rule').waitFor();
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('undo affects only rules, and shows a change of another caller before it undoes it', async () => {
    const { server } = suite.network;
    const { packetlog, origin, place, change } = await suite.start();
    const { page, problems } = await suite.open(`${origin}/${change}`);
    const { keyboard } = page;
    const rows = page.getByTestId('rule-row');
    const added = async (source: string) => {
      await page.getByTestId('add-rule').click();
      await page.locator('[name=source]').fill(source);
      await keyboard.press('Enter');
      await rows.getByText(source).waitFor();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    };
    await page.getByTestId('filter').fill('udp port 53');
    await keyboard.press('Enter');
    await untilApplied(page, 'udp port 53');
    await keyboard.press('Escape');
    await page.getByRole('link', { name: 'Rules' }).click();
    await added('198.51.100.7');
    await added('198.51.100.8');
    await rulesDone(server, place, 'add', 'deny', '203.0.113.9', '--port', '22', '--protocol', 'tcp');
    await rows.getByText('203.0.113.9').waitFor();

    // The change of the command line is the last one: the sheet names its author, and undoes it only when confirmed.
    const sheet = page.getByTestId('undo-sheet');
    const named = 'deny 203.0.113.9 to tcp port 22';
    expect(await page.getByTestId('undo').textContent()).toBe(`Undo: ${named}`);
    await keyboard.press('u');
    await sheet.getByText(named, { exact: true }).waitFor();
    await sheet.getByText(/^It was made by .+, from the command line, at \d\d:\d\d:\d\d local time\.$/).waitFor();
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Cancel');
    expect(await axeViolations(page)).toEqual([]);
    await keyboard.press('Enter');
    await sheet.waitFor({ state: 'detached' });
    expect(await rows.count()).toBe(3);
    // A rule that was added while the sheet was open is not undone instead.
    await page.getByTestId('undo').click();
    await rulesDone(server, place, 'add', 'deny', '203.0.113.10');
    await rows.getByText('203.0.113.10').waitFor();
    await page.getByTestId('undo-submit').click();
    await page.getByTestId('toasts').getByText('Nothing was changed: the last change is now').waitFor();
    expect(await rows.count()).toBe(4);
    for (const _ of [1, 2]) {
      const before = await rows.count();
      await page.getByTestId('undo').click();
      await page.getByTestId('undo-submit').click();
      await until(async () => (await rows.count()) === before - 1, { what: 'a rule to disappear' });
    }

    // Changes of this page are undone at once, newest first; afterwards nothing is left, and the filter is unchanged.
    for (const source of ['198.51.100.8', '198.51.100.7']) {
      await keyboard.press('u');
      await rows.getByText(source).waitFor({ state: 'detached' });
      // The answer may come after the new rules.
      await page.getByTestId('toasts').getByText(`Undone: deny ${source}`).waitFor();
    }
    await keyboard.press('u');
    await page.getByTestId('toasts').getByText('Nothing to undo: no rule was changed.').waitFor();
    await keyboard.press('Shift+U');
    await rows.getByText('198.51.100.7').waitFor();
    expect(await rows.count()).toBe(1);
    await page.getByRole('link', { name: 'Live' }).click();
    await untilApplied(page, 'udp port 53');
    expect(await page.getByTestId('filter').inputValue()).toBe('udp port 53');
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('a rule that would lock out the gateway is rejected with the reason, and added only when forced', async () => {
    const { server, link } = suite.network;
    await server.exec('ip', 'route', 'add', 'default', 'via', link.client.ipv4);
    const { packetlog, origin, change } = await suite.start();
    const { page } = await suite.open(`${origin}/rules${change}`);
    await page.getByRole('button', { name: 'Add the first rule' }).click();
    await page.locator('[name=source]').fill(link.client.ipv4);
    await page.getByRole('dialog').getByRole('button', { name: 'Add rule' }).click();
    const rejection = page.getByTestId('rejection');
    await rejection.waitFor();
    expect(await rejection.textContent()).toContain(`${link.client.ipv4}, the default gateway`);
    expect(await page.getByTestId('rule-row').count()).toBe(0);
    expect(await axeViolations(page)).toEqual([]);
    await page.getByTestId('force').click();
    await page.getByTestId('rule-row').waitFor();
    await packetlog.end();
  });

  test('a risky change counts down on every page, and is confirmed or reverted', async () => {
    const { packetlog, origin, change } = await suite.start();
    const { page } = await suite.open(`${origin}/rules${change}`);
    const toDeny = async () => {
      await page.getByRole('button', { name: 'change', exact: true }).click();
      await page.getByRole('radio', { name: 'deny' }).check({ force: true });
      await page.getByRole('button', { name: 'Deny by default' }).click();
      const force = page.getByTestId('force');
      const pending = page.getByTestId('pending');
      await force.or(pending).first().waitFor();
      if (await force.isVisible()) await force.click();
      await pending.waitFor();
    };
    await toDeny();
    expect(await exact(page, 'pending-seconds')).toBeGreaterThan(0);
    expect(await axeViolations(page)).toEqual([]);
    await page.getByRole('link', { name: 'Live' }).click();
    await page.getByTestId('live-table').waitFor();
    await page.getByRole('button', { name: 'Revert now' }).click();
    await page.getByTestId('pending').waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Rules' }).click();
    await page.getByTestId('default-policy').getByText('permit').waitFor();
    await toDeny();
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByTestId('pending').waitFor({ state: 'detached' });
    expect(await page.getByTestId('default-policy').textContent()).toBe('deny');
    await packetlog.end();
  });

  test('a list is imported as a set; without the admin token the page is read-only', async () => {
    const { packetlog, origin, change, look } = await suite.start();
    const { page } = await suite.open(`${origin}/rules${change}`);
    await page.getByRole('button', { name: 'Import…' }).click();
    await page.locator('[name=entries]').fill('# scanners\n198.51.100.7\n203.0.113.0/24 ; also\n2001:db8:bad::/48\n');
    await page.locator('[name=set]').fill('scanners');
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByTestId('rule-row').getByText('scanners').waitFor();
    await page.getByRole('tab', { name: /Sets/ }).click();
    await page.getByRole('row', { name: /scanners 3/ }).waitFor();
    expect(await axeViolations(page)).toEqual([]);

    const visitor = await suite.open(`${origin}/rules${look}`);
    await visitor.page.getByTestId('rule-row').waitFor();
    expect(await visitor.page.getByTestId('read-only').textContent()).toContain('second URL that packetlog printed');
    expect(await visitor.page.getByTestId('add-rule').count()).toBe(0);
    expect(await visitor.page.getByTestId('remove-rule').count()).toBe(0);
    expect(await axeViolations(visitor.page)).toEqual([]);
    await visitor.page.setViewportSize(PHONE);
    const fits = () => visitor.page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth');
    await until(fits, { what: 'the page to fit the phone' });
    expect(await axeViolations(visitor.page)).toEqual([]);
    await packetlog.end();
  });
});
