/** The form for the default policy: it warns, and adds the ticked permit rules in the same change. Needs root and chromium. */
import { connect } from '@packetlog/client';
import { describe, expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { startTcpEcho } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { axeViolations, DESKTOP, PHONE, screenshot } from './chromium.ts';
import { eachWithDashboard, TOKEN } from './dashboard.ts';
import { listed } from './rules-command.ts';

const [SERVICE, OTHER, REMOTE] = [8080, 8090, 4443];

describe.skipIf(!requireRoot())('the form for the default policy', () => {
  const suite = eachWithDashboard();

  test('warns, offers the rules that the machine needs, and adds the ticked ones with the policy', async () => {
    const { server, client, link } = suite.network;
    await startTcpEcho(client, link.client.ipv4, REMOTE);
    for (const port of [SERVICE, OTHER]) await startTcpEcho(server, '0.0.0.0', port);
    const localPort = await (await server.agent()).ask<number>('holdTcp', { address: link.client.ipv4, port: REMOTE });
    const { packetlog, place, origin, change } = await suite.start('--confirm-within', '5m');
    const { page, problems } = await suite.open(`${origin}/rules${change}`);
    await page.getByRole('button', { name: 'change', exact: true }).click();
    expect(await page.getByTestId('needed-permits').count()).toBe(0);
    await page.getByRole('radio', { name: 'deny' }).check({ force: true });
    const needed = page.getByTestId('needed-permits');
    await needed.waitFor();
    expect(await needed.textContent()).toMatch(/^PacketLog sees incoming packets only.*Permit wins over deny/s);
    for (const [name, size] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
      await page.setViewportSize(size);
      expect(await axeViolations(page), name).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), name).toBe(true);
      await screenshot(page, `policy-deny-${name}`, false);
      await page.getByTestId('dry-run-10').scrollIntoViewIfNeeded();
      await screenshot(page, `policy-deny-end-${name}`, false);
    }
    await page.setViewportSize(DESKTOP);

    const ruleFor = (text: string) => page.getByTestId('needed-rule').filter({ hasText: text });
    const service = ruleFor(`tcp port ${SERVICE}`);
    expect(await service.textContent()).toContain(`node listens on TCP ${SERVICE}`);
    const ticks = page.getByTestId('needed-rule').getByRole('checkbox');
    const rules = await ticks.count();
    for (let i = 0; i < rules - 1; i++) expect(await ticks.nth(i).isChecked()).toBe(true);
    const wide = page.locator('[data-testid=needed-rule][data-wide=true]');
    expect(await wide.getByRole('checkbox').isChecked()).toBe(false);
    expect(await wide.textContent()).toContain(`${link.client.ipv4}:${REMOTE} to node`);

    await ruleFor(`tcp port ${OTHER}`).getByRole('checkbox').uncheck();
    await wide.getByRole('checkbox').check();
    const submit = page.getByTestId('policy-submit');
    expect(await submit.textContent()).toBe(`Deny by default, add ${rules - 1} rules`);
    await submit.click();
    await page.getByTestId('pending').waitFor();
    const asked = await listed(place);
    expect(asked).toMatchObject({ default_policy: 'deny', pending: {}, rules: { length: rules - 1 } });
    expect(asked.rules.map(({ destination_port }) => destination_port)).toContain(SERVICE);
    expect(asked.rules.map(({ destination_port }) => destination_port)).not.toContain(OTHER);
    const tryPort = async (port: number, timeoutMs: number) =>
      (await client.agent()).ask<boolean>('tryTcp', { address: link.server.ipv4, port, timeoutMs });
    expect([await tryPort(SERVICE, 20_000), await tryPort(OTHER, 300)]).toEqual([true, false]);
    expect(await (await server.agent()).ask('tryHeld', { localPort, timeoutMs: 20_000 })).toBe(true);

    await page.getByRole('button', { name: 'Revert now' }).click();
    await page.getByTestId('default-policy').getByText('permit').waitFor();
    await until(async () => (await listed(place)).rules.length === 0, { what: 'the rules to revert with the policy' });
    expect(await tryPort(OTHER, 20_000)).toBe(true);
    expect(problems).toEqual([]);
    await packetlog.end();
  });

  test('names of processes are missing with --netns, and a read-only client may ask', async () => {
    const { server } = suite.network;
    await startTcpEcho(server, '0.0.0.0', SERVICE);
    const reasonOf = async (...args: string[]) => {
      const { packetlog, origin } = await suite.start(...args);
      await using client = await connect(origin, { token: TOKEN });
      const { rules } = await client.proposePermits();
      await expect(client.setDefaultPolicy('deny')).rejects.toMatchObject({ code: 'forbidden' });
      await packetlog.end();
      return rules[0]?.rule.reason;
    };
    expect(await reasonOf()).toBe(`node listens on TCP ${SERVICE}`);
    expect(await reasonOf('--netns', `/run/netns/${server.name}`)).toBe(`A process listens on TCP ${SERVICE}`);
  });
});
