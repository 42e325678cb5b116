/** Presses Tab through a page and records the focus. */
import type { Page } from 'playwright-core';

export interface TabStops {
  /** Names of the focused elements, in order. */
  readonly visited: readonly string[];
  /** Elements that look the same with and without the focus, or are off the screen. */
  readonly unseen: readonly string[];
  /** Focusable elements that never had the focus. */
  readonly missed: readonly string[];
}

const MOST = 300;
/** Between the last and the first element the browser itself may have the focus more than once. */
const ENDS = 4;

/** Presses Tab from the current focus until it is back at the first element. */
export async function tabThrough(page: Page): Promise<TabStops> {
  await page.evaluate(IN_THE_PAGE);
  const visited: string[] = [];
  const unseen: string[] = [];
  for (let presses = 0, ends = 0; presses < MOST && ends < ENDS; presses++) {
    await page.keyboard.press('Tab');
    const at: { again: boolean; name: string; seen: boolean } | null = await page.evaluate('tabStop()');
    if (at === null) ends++;
    else if (at.again) break;
    else {
      visited.push(at.name);
      if (!at.seen) unseen.push(at.name);
    }
  }
  return { visited, unseen, missed: await page.evaluate('tabMissed()') };
}

// A string, because these tests have no DOM types. The focus is visible if it changes the look of the element or of one
// around it.
const IN_THE_PAGE = `{
  const been = new Set();
  const nameOf = (element) =>
    (element.getAttribute('aria-label') ?? (element.textContent.trim() || element.outerHTML)).slice(0, 60);
  const looks = (element) => {
    const around = [];
    for (let at = element; at !== null && around.length < 4; at = at.parentElement) around.push(getComputedStyle(at));
    return around.map((s) => [s.outline, s.borderColor, s.boxShadow, s.backgroundColor, s.transform].join()).join();
  };
  globalThis.tabStop = () => {
    const element = document.activeElement;
    if (element === null || element === document.body) return null;
    if (been.has(element)) return { again: true, name: nameOf(element), seen: true };
    been.add(element);
    const { left, top, right, bottom } = element.getBoundingClientRect();
    const focused = looks(element);
    element.blur();
    const seen = focused !== looks(element) && right > 0 && bottom > 0 && left < innerWidth && top < innerHeight;
    element.focus();
    return { again: false, name: nameOf(element), seen };
  };
  // Of radio buttons with the same name only the checked one is focusable.
  globalThis.tabMissed = () =>
    [
      ...(document.querySelector('dialog:modal') ?? document).querySelectorAll(
        'a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, [tabindex]',
      ),
    ]
      .filter((element) => element.tabIndex >= 0 && element.checkVisibility())
      .filter((element) => !been.has(element) && !element.matches('[type=radio]:not(:checked)'))
      .map(nameOf);
}`;
