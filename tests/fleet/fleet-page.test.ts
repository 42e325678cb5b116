/** The page that a hub serves: real browser, hub simulated. Needs chromium. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { axeViolations, DESKTOP, openPage, PHONE, startChromium } from '../e2e/chromium.ts';
import { shoot, testId } from '../e2e/gallery.ts';
import { until } from '../lab/until.ts';
import { type FakeHub, PERSON_TOKEN, startFakeHub } from './fake-hub.ts';

let browser: Browser;
let hub: FakeHub;

beforeAll(async () => {
  browser = await startChromium();
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  await hub.close();
});
afterAll(() => browser.close());

/** Opens the Fleet page of a hub with this number of nodes. */
async function fleetOf(count: number, role?: Parameters<typeof startFakeHub>[1]) {
  hub = await startFakeHub(count, role);
  const watched = await openPage(browser, hub.url);
  await watched.page.locator(`${testId('fleet-page')}[data-nodes="${count}"]`).waitFor();
  return watched;
}

const value = async (page: Page, id: string) => Number(await page.getByTestId(id).getAttribute('data-value'));
const listed = (page: Page) =>
  page.getByTestId('fleet-node').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-node')));

describe('three nodes', () => {
  test('are shown with the age of their data, and each opens its Live page through the hub, with a way back', async () => {
    const { page, problems } = await fleetOf(3);
    expect(await listed(page)).toEqual(['web1', 'web2', 'web3']);
    const rows = page.getByTestId('fleet-node');
    expect(await rows.nth(0).textContent()).toMatch(/\d s ago/);
    expect(await rows.nth(1).textContent()).toContain('12 changed on the node');
    expect(await rows.nth(2).textContent()).toContain('12 rejected: lockout');
    expect(await page.locator('body').textContent()).not.toMatch(/connected/i);
    expect(page.url()).toBe(`${hub.origin}/`);

    await page.getByRole('button', { name: 'web2', exact: true }).first().click();
    await page.getByTestId('live-table').waitFor();
    expect(hub.opened).toEqual([['web2', PERSON_TOKEN]]);
    expect(page.url()).toBe(
      `${hub.origin}/#node=${encodeURIComponent(`${hub.origin}/nodes/web2/`).replaceAll('%3A', ':')}`,
    );
    const linked = page.url();
    // The other pages of the node, and back to the fleet from there.
    await page.getByRole('link', { name: 'Rules' }).click();
    await page.waitForURL('**/rules*');
    await page.getByTestId('go-to-fleet').click();
    await page.getByTestId('fleet-page').waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
    // Back and forward in the browser's history, and a link.
    await page.goto(linked);
    await page.getByTestId('live-table').waitFor();
    await page.getByTestId('go-to-fleet').click();
    await page.getByTestId('fleet-page').waitFor();
    await page.goBack();
    await page.getByTestId('live-table').waitFor();
    await page.reload();
    await page.getByTestId('live-table').waitFor();
    await page.goForward();
    await page.getByTestId('fleet-page').waitFor();
    expect(problems).toEqual([]);
  });

  test('and their page follow axe and fit their window in all sizes', async () => {
    const { page } = await fleetOf(3);
    await shoot(page, 'fleet', testId('fleet-node'), { sizes: 'all' });
    await page.getByRole('tab', { name: /^Rules/ }).click();
    await shoot(page, 'fleet-rules', testId('group'), {
      sizes: 'all',
      arrange: () => page.getByRole('tab', { name: /^Rules/ }).click(),
    });
  });
});

test('a person without a known token reads why, and the same address with one leads to the fleet', async () => {
  hub = await startFakeHub(3);
  const { page } = await openPage(browser, `${hub.origin}/#token=wrong-token`);
  await page.getByTestId('no-connection').waitFor();
  // The first picture of the hub's answer: the page meets it as if it were a loader.
  await page.getByText('The hub does not know this token.').first().waitFor();
  await page.goto(hub.url);
  await page.getByTestId('fleet-page').waitFor();
});

describe('1,000 nodes', () => {
  test('are drawn a screenful at a time, found, sorted and added up by group', async () => {
    const { page, problems } = await fleetOf(1_000);
    expect(await value(page, 'fleet-count')).toBe(1_000);
    expect(await page.getByTestId('fleet-table').getAttribute('aria-rowcount')).toBe('1001');
    expect((await listed(page)).length).toBeLessThan(60);
    const silent = hub.nodes.filter(
      ({ heard_at_ms }) => heard_at_ms === null || Date.now() - heard_at_ms > 60_000,
    ).length;
    expect(await value(page, 'fleet-silent')).toBe(silent);

    await page.getByTestId('fleet-silent').click();
    await until(async () => (await value(page, 'fleet-listed')) === silent, { what: 'only silent nodes' });
    expect(await page.getByTestId('fleet-node').first().textContent()).toMatch(/silent for 2 min|not heard yet/);
    await page.getByTestId('fleet-silent').click();

    await page.getByTestId('fleet-search').fill('edge 0.9.4');
    const old = hub.nodes.filter(({ group, report }) => group === 'edge' && report?.version === '0.9.4').length;
    await until(async () => (await value(page, 'fleet-listed')) === old, { what: 'the nodes of an old version' });
    await page.getByTestId('fleet-search').fill('');

    await page.getByRole('columnheader', { name: 'packets/s' }).getByRole('button').click();
    const packetsOf = (name: string | null) => hub.nodes.find((node) => node.name === name)?.report?.packets ?? -1;
    const most = Math.max(...hub.nodes.map(({ name }) => packetsOf(name)));
    await until(async () => packetsOf((await listed(page))[0] ?? null) === most, { what: 'the busiest node first' });

    await page.getByTestId('fleet-grouped').check();
    const group = page.getByTestId('fleet-group').first();
    await until(async () => (await group.textContent())?.includes('250 nodes') === true, { what: 'sums of a group' });
    await group.getByRole('button').click();
    await until(async () => (await page.getByTestId('fleet-group').count()) >= 2, {
      what: 'the next group after a hidden one',
    });
    expect(problems).toEqual([]);
  });

  test('and their page follow axe and fit their window', async () => {
    const { page } = await fleetOf(1_000);
    await shoot(page, 'fleet-1000', testId('fleet-node'), { sizes: 'all' });
  });
});

describe('rules of a group', () => {
  const RULES = {
    rules: [{ action: 'deny', source: 'set:scanners', reason: '' }],
    lists: { scanners: '203.0.113.7\n' },
  };
  const open = async (page: Page, group = 'web') => {
    await page.getByRole('tab', { name: /^Rules/ }).click();
    await page
      .locator(`${testId('group')}[data-group=${group}]`)
      .getByTestId('change-rules')
      .click();
    await page.locator(`${testId('rules-text')}:not(:disabled)`).waitFor();
  };

  test('are changed from what is newest, and a change that came first is reported', async () => {
    const { page, problems } = await fleetOf(1_000);
    hub.answers.set('rules', { number: 12, rules: RULES });
    hub.answers.set('rules_apply', new Error('Generation 13 came first.'));
    await open(page);
    expect(await page.getByTestId('rules-text').inputValue()).toContain('203.0.113.7');
    await page.getByTestId('rules-text').fill('{"rule": []}');
    expect(await page.getByTestId('apply-rules').isDisabled()).toBe(true);
    await page.getByTestId('rules-text').fill(JSON.stringify(RULES));
    await page.getByTestId('apply-rules').click();
    await page.locator(`${testId('fleet-problem')}[data-code=conflict]`).waitFor();
    expect(await axeViolations(page)).toEqual([]);
    hub.answers.set('rules', { number: 13, rules: RULES });
    hub.answers.set('rules_apply', { number: 14, hash: 'h', rollout: {} });
    await page.getByRole('button', { name: /^Read the newest rules/ }).click();
    await page.getByText('The change makes generation 14.').waitFor();
    await page.getByTestId('apply-rules').click();
    await page.getByText('Generation 14 of web is on its way to the first node.').waitFor();
    const applied = hub.asked.filter(([event]) => event === 'fleet:rules_apply').map(([, request]) => request);
    expect(applied).toEqual([12, 13].map((expected) => ({ group: 'web', expected, rules: RULES, note: '' })));
    expect(problems).toEqual([]);
  });

  test('have a rollout that a person resumes, and drift that a person repairs', async () => {
    const { page } = await fleetOf(1_000);
    await page.getByRole('tab', { name: /^Rules/ }).click();
    const edge = page.locator(`${testId('group')}[data-group=edge]`);
    expect(await edge.getByTestId('rollout').textContent()).toContain('edge-0002 rejected it');
    expect(await edge.getByTestId('rollout').textContent()).toContain(
      '11 in force, 1 waiting, 1 rejected, 237 not reached yet',
    );
    await edge.getByRole('button', { name: 'Resume the rollout' }).click();
    await page.getByText('Rollout 8 of edge goes on.').waitFor();
    await page.getByRole('button', { name: 'Repair db-0001' }).click();
    await page.getByText('db-0001 was repaired.').waitFor();
    expect(hub.asked).toEqual([
      ['fleet:rollout', { group: 'edge', action: 'resume' }],
      ['fleet:repair', { node: 'db-0001' }],
    ]);
  });

  test('have no buttons for a person whose role cannot change them, but the reason', async () => {
    const { page } = await fleetOf(1_000, { kind: 'look' });
    await page.getByRole('tab', { name: /^Rules/ }).click();
    await page.getByText('with a role that cannot change rules').waitFor();
    expect(
      await page
        .getByTestId('group-rules')
        .getByRole('button', { name: /rollout|Repair|rules/ })
        .count(),
    ).toBe(0);
    expect(await page.getByTestId('fleet-administer').count()).toBe(0);
  });

  test('have buttons only in the groups of the role', async () => {
    const { page } = await fleetOf(1_000, { kind: 'rules', groups: ['edge'] });
    await page.getByRole('tab', { name: /^Rules/ }).click();
    await page
      .locator(`${testId('group')}[data-group=edge]`)
      .getByTestId('change-rules')
      .waitFor();
    expect(await page.getByTestId('change-rules').count()).toBe(1);
  });
});

test('an administrator adds people and makes join tokens, whose secrets are shown once, and reads the log', async () => {
  const { page, problems } = await fleetOf(3);
  const anna = { person: 'anna', role: { kind: 'admin' }, added_at_ms: 0 };
  hub.answers.set('people', { people: [anna] });
  hub.answers.set('person_add', { person: 'ben', token: 'the-token-of-ben' });
  hub.answers.set('join_tokens', { tokens: [] });
  hub.answers.set('join_token', { token: 'plj1.x', id: 'x', expires_at_ms: 0 });
  hub.answers.set('audit', { entries: [{ at_ms: 0, person: 'anna', what: 'person_add', target: 'ben' }] });
  await page.getByTestId('fleet-administer').click();
  await page.getByTestId('person').waitFor();
  await page.locator('input[name=person]').fill('ben');
  await page.getByText('rules', { exact: true }).click();
  await page.getByRole('checkbox', { name: 'web' }).check();
  await page.getByTestId('add-person').click();
  await page.getByText(`${hub.origin}/#token=the-token-of-ben`).waitFor();
  expect(await axeViolations(page)).toEqual([]);
  await page.getByRole('tab', { name: 'Join tokens' }).click();
  await page.getByTestId('make-token').click();
  await page.getByText(`packetlog run --hub ${hub.origin} --hub-token plj1.x`).waitFor();
  await page.setViewportSize(PHONE);
  expect(await axeViolations(page)).toEqual([]);
  expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  await page.setViewportSize(DESKTOP);
  await page.getByRole('tab', { name: 'Log' }).click();
  expect(await page.getByTestId('audit-entry').textContent()).toContain('person add');
  expect(hub.asked.filter(([event]) => /person_add|join_token$/.test(event))).toEqual([
    ['fleet:person_add', { person: 'ben', role: { kind: 'rules', groups: ['web'] } }],
    ['fleet:join_token', { for_s: 3600, uses: 1, group: 'default' }],
  ]);
  expect(problems).toEqual([]);
});
