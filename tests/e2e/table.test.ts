/** The live table: its columns, conversations, steps while paused, colours. Needs root and chromium. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { axeViolations, exact, PHONE, screenshot, untilApplied } from './chromium.ts';
import { eachWithDashboard } from './dashboard.ts';

const SOURCE_PORT = 40_404;
/** The clip path of the mark beside a coloured row. */
const SHAPE = `getComputedStyle(document.querySelector('.row[data-paint=green]'), '::before').clipPath`;

describe.skipIf(!requireRoot())('the live table', () => {
  const suite = eachWithDashboard();

  const send = async (port: number, count: number) => {
    const { client, link } = suite.network;
    const { sent } = await sendUdp(client, {
      address: link.server.ipv4,
      count,
      sourcePorts: [SOURCE_PORT],
      ports: [port],
    });
    expect(sent).toBe(count);
  };

  const rowsWithPort = (page: Page, port: number) =>
    page.locator('[data-testid=live-row]', {
      has: page.locator('[data-field=dst_port]', { hasText: new RegExp(`^${port}$`) }),
    });
  const untilRows = (page: Page, port: number, count: number) =>
    until(async () => (await rowsWithPort(page, port).count()) === count, { what: `${count} rows to port ${port}` });
  const columns = (page: Page) =>
    page.locator('[data-column]').evaluateAll((all) => all.map((one) => one.dataset['column']));
  const widthOf = async (page: Page, column: string) =>
    (await page.locator(`[data-column=${column}]`).boundingBox())?.width ?? 0;

  test('has the chosen columns, steps, conversations and colours, and stores the choices', async () => {
    const { url } = await suite.start();
    const { page, problems } = await suite.open(url);
    await send(53, 3);
    await untilRows(page, 53, 3);

    // Columns: shown by the menu, moved by keyboard and pointer, and resized.
    await page.getByTestId('columns-button').click();
    await page.getByRole('checkbox', { name: 'src port' }).check();
    await page.getByRole('checkbox', { name: 'reason' }).uncheck();
    await page.getByRole('button', { name: 'Move bytes left' }).press('Enter');
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'table-columns');
    await page.keyboard.press('Escape');
    const inMenu = ['time', 'action', 'src', 'src_port', 'dst', 'protocol', 'length', 'detail'];
    expect(await columns(page)).toEqual(inMenu);
    const row = page.getByTestId('live-row').first();
    expect(await row.locator('[data-field=src_port]').textContent()).toBe(String(SOURCE_PORT));
    const edge = page.getByRole('separator', { name: 'Width of source' });
    const before = await widthOf(page, 'src');
    await edge.press('ArrowRight');
    expect(await widthOf(page, 'src')).toBeCloseTo(before + 8, 0);
    expect(await edge.getAttribute('aria-valuenow')).toBe(String(Math.round(before + 8)));
    await page
      .locator('[data-column=protocol] .head-label')
      .dragTo(page.locator('[data-column=time] .head-label'), { targetPosition: { x: 2, y: 8 } });
    expect(await columns(page)).toEqual(['protocol', ...inMenu.filter((key) => key !== 'protocol')]);
    await page.reload();
    await untilApplied(page);
    // The page is drawn with the default columns first.
    await until(async () => (await columns(page))[0] === 'protocol', { what: 'the stored columns' });
    expect(await widthOf(page, 'src')).toBeCloseTo(before + 8, 0);

    // Paused: rows are buffered, and shown one by one.
    await page.keyboard.press('Space');
    await page.locator('[data-testid=table-state][data-state=paused]').waitFor();
    await send(123, 5);
    await until(async () => (await exact(page, 'rows-waiting')) === 5, { what: 'five buffered rows' });
    expect(await rowsWithPort(page, 123).count()).toBe(0);
    await page.keyboard.press('.');
    await untilRows(page, 123, 1);
    expect(await exact(page, 'rows-waiting')).toBe(4);
    await page.getByTestId('step-button').click();
    await untilRows(page, 123, 2);
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'table-paused');
    // The buffer is limited: withheld rows are counted, and a marker shows where they are missing.
    const [PART, MORE] = [2_000, 500];
    let arrived = 3 + MORE;
    const enough = async () => {
      await send(124, PART);
      arrived += PART;
      return (await exact(page, 'rows-waiting')) >= 10_000;
    };
    await until(enough, { what: 'enough buffered rows' });
    await send(124, MORE);
    const counted = async () => (await exact(page, 'rows-waiting')) + (await exact(page, 'rows-withheld'));
    await page.getByTestId('rows-withheld').waitFor();
    await until(async () => (await counted()) === arrived, { what: 'each row to be buffered or counted' });
    expect(await exact(page, 'rows-withheld')).toBeGreaterThanOrEqual(MORE);
    await page.getByTestId('pause-button').click();
    await page.locator('[data-testid=table-state][data-state=follow]').waitFor();
    await untilApplied(page);
    // One row: the marker precedes the first new row, and must stay on the screen.
    await send(123, 1);
    await rowsWithPort(page, 123).first().waitFor();
    const mark = await page.locator('[data-testid=live-marker][data-kind=paused]').textContent();
    const [, marked] = /([\d,]+) rows withheld/.exec(mark ?? '') ?? [];
    expect(Number(marked?.replaceAll(',', ''))).toBeGreaterThanOrEqual(MORE);

    // Colours: errors are shown as in the filter, and coloured rows also have a shape.
    await page.getByTestId('colours-button').click();
    await page.getByTestId('colour-add').click();
    await page.getByTestId('colour-filter').fill('udp dst prot 123');
    await page.getByRole('button', { name: /^Replace with .port/ }).click();
    await page.getByTitle('green').click();
    const coloured = page.locator('[data-testid=live-row][data-paint=green]');
    const allColoured = async () => (await coloured.count()) === (await rowsWithPort(page, 123).count());
    await until(allColoured, { what: 'all rows to port 123 to be coloured' });
    expect(await page.evaluate(SHAPE)).toContain('polygon');
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      expect(await axeViolations(page)).toEqual([]);
      await screenshot(page, `table-colours-${scheme}`);
    }
    await page.keyboard.press('Escape');

    // Conversations: one line each, which counts its packets and opens to its rows.
    await page.keyboard.press('v');
    await send(53, 40);
    const line = page.locator('[data-testid=conversation-row]', { has: page.getByText('53', { exact: true }) }).first();
    // Three packets came before the page was reloaded, which dropped their rows.
    await until(async () => (await line.getAttribute('data-packets')) === '40', { what: 'forty packets in one line' });
    await line.click();
    await page.getByTestId('conversation-packet').nth(19).waitFor();
    expect(await line.locator('[data-field=packets]').textContent()).toMatch(/^×40 in /);
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'table-conversations');
    await page.getByTestId('conversation-packet').nth(3).click();
    await page.getByTestId('packet-drawer').waitFor();
    await page.keyboard.press('Escape');
    await page.getByTestId('packet-drawer').waitFor({ state: 'detached' });
    // Lines do not move while one is open: new ones are counted.
    const lines = await page.getByTestId('conversation-row').count();
    await send(99, 1);
    await until(async () => (await page.getByTestId('newcomers').textContent()) === '1 new line', {
      what: 'a new line to be counted',
    });
    expect(await page.getByTestId('conversation-row').count()).toBe(lines);
    await page.getByTestId('newcomers').click();
    await until(async () => (await page.getByTestId('conversation-row').count()) === lines + 1, {
      what: 'the new line',
    });

    await page.setViewportSize(PHONE);
    await until(() => page.evaluate('document.documentElement.scrollWidth <= innerWidth'), { what: 'the page to fit' });
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'table-conversations-phone');
    expect(problems).toEqual([]);
  });
});
