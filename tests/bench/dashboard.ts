/** Measures the dashboard in a real Chromium that draws in software, while the real loader receives packets. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { type Category, lighthouse, type Verdict } from '../e2e/lighthouse.ts';
import { trend } from '../soak/trend.ts';
import { BenchLab } from './lab.ts';
import { agesOfRows, browserIn, frames, liveHeapKib, pageCpu } from './page.ts';
import type { Peers } from './peers.ts';
import { type Report, say, table, text } from './report.ts';
import { median, quantileOf, rounded } from './statistics.ts';

const FLOOD = 1_000_000;
const BRISK = 10_000;
const LOADS = 5;
/** After this time charts and tables have their size, and V8 has compiled the hot functions. */
const SETTLE_MS = 5_000;
const LOOK_MS = 6_000;
const HEAP_SAMPLES = 8;
const HEAP_EVERY_MS = 1_500;
const RULES = 10_000;
const LIGHTHOUSES = 3;
const CATEGORIES: readonly Category[] = ['performance', 'accessibility', 'best-practices'];

const EXPORT = fileURLToPath(new URL('../../apps/dashboard/out', import.meta.url));
const FIRST_LOAD = fileURLToPath(new URL('../../scripts/first-load.mjs', import.meta.url));
const VIEW = { viewport: { width: 1440, height: 900 }, colorScheme: 'dark', timezoneId: 'UTC' } as const;
const LIVE = '[data-testid=connection-state][data-state=live]';

export async function compareDashboard(peers: Peers, report: Report): Promise<void> {
  const lab = await BenchLab.open(peers);
  const chromium = await browserIn(lab.network.server);
  try {
    const { url, stop } = await lab.startDashboard();
    const rated = await measureLighthouse(lab, url);
    const loaded = await measureLoads(chromium.browser, lab, url);
    const page = await openLive(chromium.browser, url);
    const painted = await measurePaint(page, lab);
    const flooded = await measureFlood(chromium.browser, page, lab);
    await page.context().close();
    await stop();
    const scrolled = await measureRules(chromium.browser, lab);
    const figures = { ...loaded, ...painted, ...flooded, ...scrolled };
    report.section('dashboard', { ...figures, lighthouse: rated });
    say('\nThe dashboard in Chromium, drawn in software');
    table(
      ['', 'measured'],
      Object.entries(figures).map(([name, value]) => [name, text(value)]),
    );
    const { rules, repeated, performance_runs, ...live } = rated;
    say(
      `\nLighthouse, desktop: Live ${scoresText(live)} (${performance_runs.join(', ')}); Rules ${scoresText(rules)}; runs repeated: ${repeated.length}`,
    );
    if (repeated.length > 0) say(`  without a verdict: ${repeated.join(', ')}`);
    for (const [name, value] of Object.entries(figures)) report.figure(name, value);
    for (const [name, value] of Object.entries(live)) report.figure(`lighthouse_${name}`, value);
  } finally {
    await chromium.close();
    await lab.close();
  }
}

async function openLive(browser: Browser, url: string): Promise<Page> {
  const context = await browser.newContext(VIEW);
  const page = await context.newPage();
  await page.goto(url);
  await page.locator(LIVE).waitFor();
  return page;
}

/**
 * Measures the Lighthouse scores; those of Live are medians. `repeated` has the errors after which a run was repeated.
 */
async function measureLighthouse(lab: BenchLab, url: string) {
  const { server } = lab.network;
  const runs: Verdict[] = [];
  for (let run = 0; run < LIGHTHOUSES; run++) runs.push(await lighthouse(server, url, CATEGORIES));
  const rules = await lighthouse(server, url.replace('/#', '/rules#'), CATEGORIES);
  const scores = (name: Category) => runs.map((run) => run.scores[name] ?? 0);
  return {
    ...named((name) => median(scores(name))),
    rules: named((name) => rules.scores[name] ?? 0),
    performance_runs: scores('performance'),
    repeated: [...runs, rules].flatMap(({ repeated }) => repeated),
  };
}

function named(score: (category: Category) => number) {
  return {
    performance: score('performance'),
    accessibility: score('accessibility'),
    best_practices: score('best-practices'),
  };
}

const scoresText = (scores: Readonly<Record<string, number>>) =>
  Object.entries(scores)
    .map(([name, score]) => `${name} ${score}`)
    .join(', ');

/** Measures, with an empty browser cache, the time until the page is live and the bytes that were fetched. */
async function measureLoads(browser: Browser, lab: BenchLab, url: string) {
  await lab.sendPaced(500, BRISK);
  const interactive: number[] = [];
  let kilobytes = 0;
  for (let load = 0; load < LOADS; load++) {
    const context = await browser.newContext(VIEW);
    const page = await context.newPage();
    const fetched = new Set<string>();
    page.on('request', (request) => fetched.add(new URL(request.url()).pathname));
    await page.goto(url);
    const live = await page.evaluate(
      (selector) =>
        new Promise<number>((resolve) => {
          const look = () => {
            if (document.querySelector(selector) === null) requestAnimationFrame(look);
            else resolve(performance.now());
          };
          look();
        }),
      LIVE,
    );
    interactive.push(live);
    await page.waitForLoadState('networkidle');
    kilobytes = sum([...fetched].map(transferredBytes)) / 1000;
    await context.close();
  }
  return {
    first_load_kb_gzip: firstLoadKb(),
    all_fetched_kb_gzip: rounded(kilobytes),
    interactive_ms: rounded(median(interactive)),
  };
}

/** Bytes of the page and of the files that its markup names, as `pnpm check` counts them; charts load later. */
function firstLoadKb(): number {
  const { stdout } = spawnSync(process.execPath, [FIRST_LOAD], { encoding: 'utf8', cwd: join(FIRST_LOAD, '../..') });
  const kilobytes = /([\d.]+) kB in total/.exec(stdout)?.[1];
  if (kilobytes === undefined) throw new Error(`scripts/first-load.mjs printed no total: ${stdout}`);
  return Number(kilobytes);
}

/** Bytes of a file as the loader sends it to a client that accepts gzip. */
function transferredBytes(path: string): number {
  const file = join(EXPORT, path === '/' ? 'index.html' : path);
  for (const name of [`${file}.gz`, file]) {
    try {
      return readFileSync(name).length;
    } catch {
      // Not compressed, or not a file but the socket.
    }
  }
  return 0;
}

async function measurePaint(page: Page, lab: BenchLab) {
  const sending = lab.sendPaced((BRISK * (SETTLE_MS + LOOK_MS)) / 1000, BRISK);
  await delay(SETTLE_MS);
  const ages = await agesOfRows(page, LOOK_MS - 1_000);
  await sending;
  if (ages.length < 100) throw new Error(`only ${ages.length} painted rows were measured`);
  return {
    paint_p50_ms_at_10k_pps: rounded(quantileOf(ages, 0.5)),
    paint_p99_ms_at_10k_pps: rounded(quantileOf(ages, 0.99)),
  };
}

async function measureFlood(browser: Browser, page: Page, lab: BenchLab) {
  const seconds = (SETTLE_MS + 2 * LOOK_MS + HEAP_SAMPLES * (HEAP_EVERY_MS + 500)) / 1000;
  const sending = lab.sendSteadily(FLOOD * Math.ceil(seconds), FLOOD);
  const session = await page.context().newCDPSession(page);
  await delay(SETTLE_MS);
  const arrived = await lab.received();
  const begun = performance.now();

  const before = await pageCpu(browser);
  await delay(LOOK_MS);
  const after = await pageCpu(browser);
  const tookNs = (performance.now() - begun) * 1e6;
  const rate = ((await lab.received()) - arrived) / (tookNs / 1e9);

  const { fps, longest_ms } = await frames(page, LOOK_MS);
  const heap: number[] = [];
  for (let i = 0; i < HEAP_SAMPLES; i++) {
    heap.push(await liveHeapKib(session));
    await delay(HEAP_EVERY_MS);
  }
  await sending;
  const { slope, low, high, mean } = trend(heap);
  const perSecond = 1000 / HEAP_EVERY_MS;
  return {
    flood_pps_at_the_hook: rounded(rate),
    fps_at_1m_pps: rounded(fps),
    longest_frame_ms_at_1m_pps: rounded(longest_ms),
    page_cpu_at_1m_pps: rounded((after.all - before.all) / tookNs),
    page_main_thread_cpu_at_1m_pps: rounded((after.main - before.main) / tookNs),
    heap_mib_at_1m_pps: rounded(mean / 1024),
    heap_slope_kib_s: rounded(slope * perSecond),
    heap_slope_low_kib_s: rounded(low * perSecond),
    heap_slope_high_kib_s: rounded(high * perSecond),
  };
}

/** Scrolls a list of ten thousand rules by five rows per frame. */
async function measureRules(browser: Browser, lab: BenchLab) {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-bench-rules-'));
  try {
    const file = join(directory, 'rules.json');
    const source = (i: number) => `203.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
    const rules = Array.from({ length: RULES }, (_, i) => ({ action: 'deny', source: source(i), reason: `no ${i}` }));
    writeFileSync(file, JSON.stringify({ version: 1, rules }));
    const { url, stop } = await lab.startDashboard('--rules', file);
    const page = await openLive(browser, url.replace('/#', '/rules#'));
    await page.getByTestId('rule-row').first().waitFor();
    const { fps } = await frames(page, LOOK_MS / 2, { selector: '.rules-table-body', step: 160 });
    await page.context().close();
    await stop();
    return { scroll_fps_10k_rules: rounded(fps) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
