/** A headless Chromium that connects only to the loader. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { source } from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { DEADLINE_MS } from '../lab/until.ts';

export const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

export function startChromium(executablePath = CHROMIUM): Promise<Browser> {
  return chromium.launch({ executablePath, args: FLAGS, headless: true });
}

export const DESKTOP = { width: 1440, height: 900 };
export const TABLET = { width: 1024, height: 768 };
export const PHONE = { width: 390, height: 844 };

export interface Watched {
  page: Page;
  /** Console errors and uncaught exceptions of the page. */
  problems: string[];
}

export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({ viewport: DESKTOP, colorScheme: 'dark', ...options });
  context.setDefaultTimeout(DEADLINE_MS);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`${message.text()} ${message.location().url}`);
  });
  await page.goto(url);
  return { page, problems };
}

/**
 * Resolves when the loader has acknowledged the page's subscription with this filter: a matching packet that is sent
 * afterwards gets a row.
 */
export async function untilApplied(page: Page, filter = ''): Promise<void> {
  const applied = `[data-testid=packets][data-filter=${JSON.stringify(filter)}][aria-busy=false]`;
  await page.locator(applied).waitFor({ state: 'attached' });
}

/** The exact value of a number on the page. */
export async function exact(page: Page, testId: string): Promise<number> {
  return Number(await page.getByTestId(testId).first().getAttribute('data-value'));
}

/** Violations of axe rules, with the elements. axe is evaluated, because the page's policy allows no foreign scripts. */
export async function axeViolations(page: Page): Promise<string[]> {
  await page.evaluate(source);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run: () => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    // Elements that fade in are half transparent: their contrast counts after the animation.
    const appearing = document
      .getAnimations()
      .filter(({ effect }) => Number(effect?.getComputedTiming().endTime) <= 1000);
    await Promise.allSettled(appearing.map(({ finished }) => finished));
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
  });
}

const ARTIFACTS = fileURLToPath(new URL('../artifacts/', import.meta.url));
const DOCUMENTED = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));

/**
 * Writes a picture into tests/artifacts, or with UPDATE_SCREENSHOTS=1 into docs/screenshots if it is `documented` there.
 */
export async function screenshot(page: Page, name: string, documented = true): Promise<void> {
  const directory = documented && process.env['UPDATE_SCREENSHOTS'] === '1' ? DOCUMENTED : ARTIFACTS;
  const path = `${directory}${name}.png`;
  mkdirSync(dirname(path), { recursive: true });
  await page.screenshot({ path, animations: 'disabled' });
}
