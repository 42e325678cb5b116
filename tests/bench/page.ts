/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Measurements inside a page, and of the process that runs it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { CHROMIUM, startChromium } from '../e2e/chromium.ts';
import type { Namespace } from '../lab/namespace.ts';
import { usage } from './lab.ts';

/** The browser has priority over other work on the machine, like all measured processes. */
const AHEAD = '{ echo -20 > /proc/self/autogroup; } 2>/dev/null';

/** Starts a Chromium inside a network namespace. */
export async function browserIn({ name }: Namespace): Promise<{ browser: Browser; close(): Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-bench-browser-'));
  const command = join(directory, 'chromium');
  writeFileSync(command, `#!/bin/sh\n${AHEAD}\nexec nice -n -20 ip netns exec ${name} ${CHROMIUM} "$@"\n`, {
    mode: 0o755,
  });
  const browser = await startChromium(command);
  return {
    browser,
    close: async () => {
      await browser.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Returns the page's frames per second and its longest frame, while each frame scrolls by `scroll` px. */
export function frames(page: Page, ms: number, scroll: { selector: string; step: number } | null = null) {
  return page.evaluate(
    ({ ms, scroll }) =>
      new Promise<{ fps: number; longest_ms: number }>((resolve) => {
        const element = scroll === null ? null : document.querySelector(scroll.selector);
        const begin = performance.now();
        let drawn = -1;
        let before = begin;
        let longest = 0;
        const step = (now: number) => {
          if (++drawn > 0) longest = Math.max(longest, now - before);
          before = now;
          element?.scrollBy(0, scroll?.step ?? 0);
          if (now - begin < ms) requestAnimationFrame(step);
          else resolve({ fps: (drawn * 1000) / (now - begin), longest_ms: longest });
        };
        requestAnimationFrame(step);
      }),
    { ms, scroll },
  );
}

/**
 * Returns the ages in ms of the rows that became visible during that time: from the packet's time to the drawing of the
 * frame that shows it. The page must show UTC.
 */
export function agesOfRows(page: Page, ms: number): Promise<number[]> {
  return page.evaluate(
    (ms) =>
      new Promise<number[]>((resolve) => {
        const DAY = 86_400_000;
        const table = document.querySelector('[data-testid=live-table]');
        const ages: number[] = [];
        let newest = 0;
        const times = () =>
          [...(table?.querySelectorAll('[data-testid=live-row] [data-field=timestamp_ns]') ?? [])].map((cell) => {
            const [h, m, s] = (cell.textContent ?? '').split(':').map(Number);
            return ((h ?? 0) * 3600 + (m ?? 0) * 60 + (s ?? 0)) * 1000;
          });
        const observer = new MutationObserver(() => {
          const fresh = times().filter((time) => time > newest);
          newest = Math.max(newest, ...fresh);
          requestAnimationFrame(() => {
            const drawn = new MessageChannel();
            drawn.port1.onmessage = () => {
              const now = (performance.timeOrigin + performance.now()) % DAY;
              ages.push(...fresh.map((time) => now - time));
            };
            drawn.port2.postMessage(null);
          });
        });
        newest = Math.max(0, ...times());
        if (table !== null) observer.observe(table, { subtree: true, childList: true, characterData: true });
        setTimeout(() => {
          observer.disconnect();
          resolve(ages);
        }, ms);
      }),
    ms,
  );
}

/** Returns the CPU time in ns so far of the process that runs the page, and of its main thread alone. */
export async function pageCpu(browser: Browser): Promise<{ pid: number; all: number; main: number }> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const [busiest] = processInfo.filter(({ type }) => type === 'renderer').sort((a, b) => b.cpuTime - a.cpuTime);
  const pid = busiest?.id ?? 0;
  const read = (path: string) => Number(readFileSync(path, 'utf8').split(' ')[0]);
  return { pid, all: usage(pid).cpuNs, main: read(`/proc/${pid}/task/${pid}/schedstat`) };
}

/** Returns the size of the page's heap after a collection, in KiB. */
export async function liveHeapKib(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  return (await session.send('Runtime.getHeapUsage')).usedSize / 1024;
}
