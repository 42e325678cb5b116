/** Checks that the parts of the Live page fit. */
import type { Page } from 'playwright-core';

/** Text that is cut off, or is too far from its label to be read with it. */
export async function misfits(page: Page): Promise<string[]> {
  const found = await Promise.all([page.evaluate(inCharts), page.evaluate(inLists), page.evaluate(inRows)]);
  return found.flat();
}

// Each function is evaluated in the page, so it cannot use anything of this file.

function inCharts(): string[] {
  const right = (element: Element) => element.getBoundingClientRect().right;
  const plots = [...document.querySelectorAll('.chart .u-over')].map((plot) =>
    Math.round(plot.getBoundingClientRect().width),
  );
  const cut = [...document.querySelectorAll('.chart')].flatMap((chart) =>
    [...chart.querySelectorAll('.readout, .readout *')].filter((part) => right(part) > right(chart)),
  );
  return [
    // Charts side by side share a time scale.
    ...(new Set(plots).size > 1 ? [`charts of different width: ${plots.join()}`] : []),
    ...cut.map(({ textContent }) => `cut: ${textContent}`),
  ];
}

function inLists(): string[] {
  const side = document.querySelector('.side-top');
  return [
    ...(side !== null && side.scrollHeight > side.clientHeight
      ? [`lists of ${side.scrollHeight} px in ${side.clientHeight}`]
      : []),
    ...(document.documentElement.scrollWidth > innerWidth ? ['wider than the window'] : []),
  ];
}

function inRows(): string[] {
  const FAR = 640;
  return [...document.querySelectorAll('[data-testid=top-row]')].flatMap((row) => {
    const name = row.querySelector('th')?.getBoundingClientRect();
    const rate = row.querySelector('.top-rate')?.getBoundingClientRect();
    if (name === undefined || rate === undefined) return [];
    const ends = [...row.querySelectorAll('.middle-cut > :last-child')].map((end) => end.getBoundingClientRect());
    const text = row.textContent ?? '';
    return [
      ...(ends.some(({ width, right }) => width === 0 || right > name.right + 1) ? [`without its end: ${text}`] : []),
      ...(rate.left - name.left > FAR ? [`far from its rate: ${text}`] : []),
    ];
  });
}
