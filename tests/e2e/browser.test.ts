/** The dashboard in a real browser, served by the real loader, with real packets. Needs root and chromium. */
import { describe, expect, test } from 'vitest';
import { arp, ethernet, icmp, ipv4, vlan } from '../lab/frame.ts';
import { requireRoot } from '../lab/root.ts';
import { exchangeTcp, sendFrames, sendUdp, startTcpEcho } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { axeViolations, exact, openPage, PHONE, untilApplied } from './chromium.ts';
import { eachWithDashboard, TOKEN } from './dashboard.ts';

describe.skipIf(!requireRoot())('the dashboard', () => {
  const suite = eachWithDashboard();

  test('shows each packet, and the counts of sender, kernel and page are equal', async () => {
    const { client, server, link } = suite.network;
    const { packetlog, url } = await suite.start();
    const { page, problems } = await suite.open(url);
    expect(page.url()).not.toContain(TOKEN);

    const { sent } = await sendUdp(client, {
      address: link.server.ipv4,
      count: 480,
      sourcePorts: [40_404],
      ports: [53],
    });
    const { port } = await startTcpEcho(server, link.server.ipv4);
    await exchangeTcp(client, { address: link.server.ipv4, port, connections: 3 });
    await sendUdp(client, { address: link.server.ipv6 ?? '', count: 10, ports: [443] });
    const v4 = { src: link.client.ipv4, dst: link.server.ipv4 };
    const odd = [
      ethernet(ipv4(v4, icmp({ type: 8 }))),
      ethernet(vlan(42, ipv4(v4, icmp({ type: 8 })))),
      ethernet(arp()),
    ];
    await sendFrames(link.client, odd);
    expect(sent).toBe(480);

    const arrived = async () => (await link.server.counters()).rx.packets;
    const total = async () => (await exact(page, 'total-seen')) === (await arrived());
    await until(total, { what: 'all packets to be counted' });
    expect(await exact(page, 'total-lost')).toBe(0);

    // Newest first: the ARP frame, then the tagged echo request.
    const cell = (row: number, field: string) =>
      page.getByTestId('live-row').nth(row).locator(`[data-field=${field}]`).textContent();
    expect(await cell(0, 'ip_protocol')).toContain('ARP');
    expect(await cell(1, 'src_addr')).toContain(link.client.ipv4);
    expect(await cell(1, 'tcp_flags')).toContain('echo request');
    expect(await page.getByTestId('live-table').textContent()).toContain('2001:db8::1');
    await page.getByTestId('rate-chart').locator('canvas').first().waitFor();
    expect(await axeViolations(page)).toEqual([]);

    await page.setViewportSize(PHONE);
    await page.getByTestId('live-row').first().waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(await axeViolations(page)).toEqual([]);
    expect(problems).toEqual([]);
    expect(await packetlog.end()).toEqual({ code: 0, signal: null });
    await page.locator('[data-testid=connection-state][data-state=lost]').waitFor();
  });

  test('reports a missing token, a wrong token and an unreachable loader with advice, and recovers', async () => {
    const { packetlog, url, port } = await suite.start();
    const origin = `http://localhost:${port}/`;
    const live = '[data-testid=connection-state][data-state=live]';

    const without = await openPage(suite.browser, origin);
    await without.page.getByTestId('no-connection').waitFor();
    // The page shows the URL of its own loader, and accepts the printed line or the token.
    await without.page.getByText(`${origin}#token=…`).waitFor();
    const access = without.page.locator('[name=access]');
    await access.fill(origin);
    await without.page.keyboard.press('Enter');
    await without.page.getByText('This URL has no token in it.').waitFor();
    expect(await axeViolations(without.page)).toEqual([]);
    await access.fill(`Dashboard: ${url}`);
    await without.page.getByTestId('open-access').click();
    await without.page.locator(live).waitFor();
    expect(without.page.url()).not.toContain(TOKEN);

    const wrong = await openPage(suite.browser, `${origin}#token=wrong-${'x'.repeat(20)}`);
    await wrong.page.getByRole('heading', { name: 'No access to this loader.' }).waitFor();
    await wrong.page.getByText(/^The token is wrong\. Run packetlog url/).waitFor();
    expect(await axeViolations(wrong.page)).toEqual([]);
    await wrong.page.locator('[name=access]').fill(TOKEN);
    await wrong.page.keyboard.press('Enter');
    await wrong.page.locator(live).waitFor();

    const { page } = await openPage(suite.browser, url);
    const state = (name: string) => page.locator(`[data-testid=connection-state][data-state=${name}]`);
    await state('live').waitFor();
    await packetlog.end('SIGKILL');
    await state('lost').waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await suite.serve(port);
    await state('live').waitFor();
  });

  test('a part that cannot be loaded is retried, and the page stays usable', async () => {
    const { url, origin } = await suite.start();
    const markup = await (await fetch(origin)).text();
    const { page } = await openPage(suite.browser, 'about:blank');
    let away = true;
    const aborted = new Map<string, number>();
    await page.route('**/_next/static/chunks/**', (route) => {
      const { pathname } = new URL(route.request().url());
      if (!away || markup.includes(pathname)) return route.continue();
      aborted.set(pathname, (aborted.get(pathname) ?? 0) + 1);
      return route.abort();
    });
    await page.goto(url);
    await page.locator('[data-testid=connection-state][data-state=live]').waitFor();
    const chart = page.getByTestId('rate-chart').locator('canvas').first();
    await page.keyboard.press('?');
    // The bundler's own code tries twice.
    await until(() => Math.max(...aborted.values()) > 4, { what: 'a part to be retried' });
    expect(await chart.count()).toBe(0);
    expect(await page.locator('[data-testid=connection-state][data-state=live]').count()).toBe(1);
    away = false;
    await chart.waitFor();
    await page.getByRole('dialog').waitFor();
  });

  test('a page whose parts the loader no longer has shows that it is older, stays usable, and reloads on request', async () => {
    const { client, link } = suite.network;
    const { url, origin } = await suite.start();
    const markup = await (await fetch(origin)).text();
    const { page } = await openPage(suite.browser, 'about:blank');
    let upgraded = true;
    await page.route('**/_next/static/chunks/**', (route) => {
      const isLater = !markup.includes(new URL(route.request().url()).pathname);
      return upgraded && isLater ? route.fulfill({ status: 404, body: 'Not found.' }) : route.continue();
    });
    await page.goto(url);
    await page.locator('[data-testid=connection-state][data-state=live]').waitFor();
    await page.evaluate('globalThis.isTheSamePage = true');
    const old = page.getByTestId('outdated-page');
    await old.getByText('This page is older than the loader').waitFor();
    expect(await axeViolations(page)).toEqual([]);

    // An overlay that cannot be loaded does not block the page's keys.
    await page.keyboard.press('?');
    await until(
      async () => {
        await page.keyboard.press('/');
        return page.evaluate(`document.activeElement?.closest('input, textarea') !== null`);
      },
      { what: 'the filter to have the focus' },
    );
    await untilApplied(page);
    await sendUdp(client, { address: link.server.ipv4, count: 5 });
    await page.getByTestId('live-row').nth(4).waitFor();
    expect(await page.evaluate('globalThis.isTheSamePage')).toBe(true);
    await page.setViewportSize(PHONE);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);

    upgraded = false;
    await old.getByRole('button', { name: 'Reload' }).click();
    await page.waitForFunction('globalThis.isTheSamePage === undefined');
    await page.locator('[data-testid=connection-state][data-state=live]').waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    expect(await old.count()).toBe(0);
  });

  test('a stopped loader is shown as stale, and rows lost in the ring meanwhile are shown', async () => {
    const { client, link } = suite.network;
    const { packetlog, url } = await suite.start('--ring-size', '64KiB', '--sample', 'off');
    const { page } = await openPage(suite.browser, url);
    const state = (name: string) => page.locator(`[data-testid=connection-state][data-state=${name}]`);
    await state('live').waitFor();
    process.kill(packetlog.pid, 'SIGSTOP');
    const COUNT = 10_000;
    await sendUdp(client, { address: link.server.ipv4, count: COUNT });
    await state('stale').waitFor();
    await page
      .getByTestId('rate-chart')
      .getByText(/ s old$/)
      .first()
      .waitFor();
    expect(await axeViolations(page)).toEqual([]);
    process.kill(packetlog.pid, 'SIGCONT');
    await state('live').waitFor();
    await until(async () => (await exact(page, 'total-seen')) === COUNT, { what: 'all packets to be counted' });
    const lost = await exact(page, 'total-lost');
    expect(lost).toBeGreaterThan(COUNT - 3 * 910);
    await page
      .getByTestId('notices')
      .getByText(/lost in the kernel/)
      .first()
      .waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await packetlog.end();
    const [, inRing] = /([\d,]+) lost in the ring/.exec(packetlog.stderr) ?? [];
    expect(lost).toBe(Number(inRing?.replaceAll(',', '')));
  });

  test('shows the sampling rate while the kernel samples', async () => {
    const { client, link } = suite.network;
    const { packetlog, url } = await suite.start('--sample', '8');
    const { page } = await suite.open(url);
    // Shown only while the kernel samples.
    const sent = sendUdp(client, { address: link.server.ipv4, count: 2000, perSecond: 500 });
    await page.getByTestId('sampled-one-of').waitFor();
    expect(await exact(page, 'sampled-one-of')).toBe(8);
    await page.getByTestId('estimates').getByText('1 of 8').waitFor();
    await sent;
    expect(await axeViolations(page)).toEqual([]);
    // The figures still count every packet.
    await until(async () => (await exact(page, 'total-seen')) === 2000, { what: 'all packets to be counted' });
    expect(await exact(page, 'total-lost')).toBe(0);
    await packetlog.end();
  });

  test('an interface name with markup is shown as text', async () => {
    const { server } = suite.network;
    const device = '<b>x<b><i>';
    await server.exec('ip', 'link', 'add', device, 'type', 'veth', 'peer', 'name', 'other0');
    const { packetlog, url } = await suite.start('--iface', device);
    const { page, problems } = await openPage(suite.browser, url);
    await page.getByText(device).first().waitFor();
    expect(await page.locator('b, i').count()).toBe(0);
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('a pause stops the rows and counts the packets that pass; resuming shows new rows', async () => {
    const { client, link } = suite.network;
    const { packetlog, url } = await suite.start();
    const { page } = await suite.open(url);
    const send = (count: number, port: number) =>
      sendUdp(client, { address: link.server.ipv4, count, sourcePorts: [port] });
    await send(5, 40_001);
    await page.getByTestId('live-row').nth(4).waitFor();
    await until(async () => (await exact(page, 'total-seen')) === 5, { what: 'five packets to be counted' });
    await page.keyboard.press('Space');
    await page.locator('[data-testid=table-state][data-state=paused]').waitFor();
    await send(7, 40_002);
    await until(async () => (await exact(page, 'paused-passed')) === 7, { what: 'seven packets to have passed' });
    expect(await page.getByTestId('live-table').textContent()).not.toContain('40002');
    await page.getByTestId('pause-button').click();
    await page.locator('[data-testid=table-state][data-state=follow]').waitFor();
    await send(1, 40_003);
    await page.getByTestId('live-row').first().getByText('40003').waitFor();
    await packetlog.end();
  });
});
