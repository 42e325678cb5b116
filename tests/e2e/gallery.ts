/** Checks a page and takes its pictures in both themes, and with UPDATE_SCREENSHOTS=1 in all sizes. */
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { axeViolations, DESKTOP, PHONE, screenshot, TABLET } from './chromium.ts';

const ALL = process.env['UPDATE_SCREENSHOTS'] === '1';
/** The tablet is checked with all pictures, but not documented. */
const SIZES = { desktop: DESKTOP, phone: PHONE, ...(ALL && { tablet: TABLET }) };

/**
 * `shoot` checks that the page follows axe and fits its window, and takes a picture. `ready` selects an element that is
 * on the page in that state. `sizes`: the phone always, or only with all pictures. `arrange` repeats what a change of the
 * width undoes.
 */
export async function shoot(
  page: Page,
  name: string,
  ready: string,
  { sizes = 'in full', arrange }: { sizes?: 'all' | 'in full'; arrange?: () => Promise<void> } = {},
) {
  for (const scheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    for (const [size, viewport] of Object.entries(SIZES)) {
      if (size === 'phone' && sizes === 'in full' && !ALL) continue;
      await page.setViewportSize(viewport);
      await arrange?.();
      await page.locator(ready).first().waitFor();
      expect(await axeViolations(page), `${name}, ${scheme}, ${size}`).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), `${name}, ${size}`).toBe(true);
      await screenshot(page, `${name}-${scheme}-${size}`, size !== 'tablet');
    }
  }
  await page.setViewportSize(DESKTOP);
  await page.emulateMedia({ colorScheme: 'dark' });
}

export const testId = (id: string) => `[data-testid=${id}]`;
