/** The filter above the rows: typed, completed, repaired, in the address, evaluated in the loader. Needs root and chromium. */
import { describe, expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { axeViolations, DESKTOP, screenshot, untilApplied } from './chromium.ts';
import { eachWithDashboard } from './dashboard.ts';

describe.skipIf(!requireRoot())('the filter of the live table', () => {
  const suite = eachWithDashboard();

  const send = async (port: number, count: number) => {
    const { client, link } = suite.network;
    const { sent } = await sendUdp(client, { address: link.server.ipv4, count, sourcePorts: [40_404], ports: [port] });
    expect(sent).toBe(count);
  };

  test('shows only matching rows, old and new, and counts no filtered row as lost', async () => {
    const { page, problems } = await suite.open((await suite.start()).url, { viewport: DESKTOP });
    const rows = page.getByTestId('live-row');
    const ports = () => page.locator('[data-testid=live-row] [data-field=dst_port]').allTextContents();
    await send(53, 5);
    await send(123, 5);
    await until(async () => (await page.locator('[data-testid=live-row]').count()) >= 10, { what: '10 rows' });

    await page.keyboard.press('/');
    await page.keyboard.type('udp dst port 53');
    await page.keyboard.press('Enter');
    await until(() => new URL(page.url()).hash === '#filter=udp+dst+port+53', { what: 'the filter in the address' });
    await until(async () => (await page.locator('[data-testid=live-row] [data-field=dst_port]').count()) === 5, {
      what: '5 rows',
    });
    await untilApplied(page, 'udp dst port 53');
    await send(123, 5);
    await send(53, 7);
    await until(async () => (await page.locator('[data-testid=live-row] [data-field=dst_port]').count()) === 12, {
      what: '12 rows',
    });
    expect((await ports()).every((text) => text === '53')).toBe(true);
    expect(await rows.count()).toBeGreaterThanOrEqual(12);
    expect(await page.getByTestId('total-lost').getAttribute('data-value')).toBe('0');
    await screenshot(page, 'filter-applied');
    expect(await axeViolations(page)).toEqual([]);

    // The filter is in the address: a tab that opens it has the same filter.
    await page.reload();
    await untilApplied(page, 'udp dst port 53');
    expect(await page.getByTestId('filter').inputValue()).toBe('udp dst port 53');
    await send(123, 3);
    await send(53, 4);
    await until(async () => (await page.locator('[data-testid=live-row] [data-field=dst_port]').count()) === 4, {
      what: '4 rows',
    });
    expect((await ports()).every((text) => text === '53')).toBe(true);
    expect(problems).toEqual([]);
  });

  test('shows that a filter is pending until the loader acknowledges it', async () => {
    const { packetlog, url } = await suite.start();
    const { page } = await suite.open(url);
    const rows = page.getByTestId('packets');
    await send(53, 1);
    await page.getByTestId('live-row').first().waitFor();
    process.kill(packetlog.pid, 'SIGSTOP');
    await page.getByTestId('filter').fill('udp dst port 123');
    await page.keyboard.press('Enter');
    await page.getByTestId('table-state').getByText('waiting for the loader').waitFor();
    expect(await rows.getAttribute('aria-busy')).toBe('true');
    // The rows still match the previous filter.
    expect(await rows.getAttribute('data-filter')).toBe('');
    expect(await page.getByTestId('live-row').count()).toBe(1);
    process.kill(packetlog.pid, 'SIGCONT');
    await untilApplied(page, 'udp dst port 123');
    await page.getByTestId('table-state').getByText('waiting for the loader').waitFor({ state: 'detached' });
    expect(await page.getByTestId('live-row').count()).toBe(0);
    await send(123, 1);
    await page.getByTestId('live-row').first().waitFor();
  });

  test('completes words, and shows the position and the fix of an error', async () => {
    const { page, problems } = await suite.open((await suite.start()).url, { viewport: DESKTOP });
    const input = page.getByTestId('filter');
    const options = page.getByRole('listbox', { name: 'Suggestions' }).getByRole('option');
    await input.click();
    await page.keyboard.type('tcp d');
    await options.filter({ hasText: /^dst/ }).first().waitFor();
    await screenshot(page, 'filter-completion');
    expect(await axeViolations(page)).toEqual([]);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await input.inputValue()).toBe('tcp dst ');

    // An error hides the suggestions, which would cover it.
    await input.fill('tcp dst prot 443 ');
    const status = page.getByRole('status').filter({ hasText: 'at column 9' });
    await status.waitFor();
    expect((await status.boundingBox())?.height).toBeGreaterThan(10);
    expect(await options.count()).toBe(0);
    await input.fill('tcp dst prot 443');
    await input.blur();
    await status.waitFor();
    await screenshot(page, 'filter-wrong');
    expect(await axeViolations(page)).toEqual([]);
    // Enter on an incomplete filter shows the error and applies nothing.
    await input.fill('tcp dst ');
    await options.first().waitFor();
    await input.press('Enter');
    await page.locator('.filter-trouble').waitFor();
    expect(await options.count()).toBe(0);
    await input.fill('tcp dst prot 443');
    await input.press('Enter');
    expect(new URL(page.url()).hash).toBe('');
    await page.getByRole('button', { name: /Replace with .port/ }).click();
    expect(await input.inputValue()).toBe('tcp dst port 443');
    await input.press('Enter');
    await until(() => new URL(page.url()).hash === '#filter=tcp+dst+port+443', { what: 'the filter in the address' });
    expect(problems).toEqual([]);
  });
});
