/**
 * Keeps the dashboard open in a real browser while packets arrive: its heap after a collection must not grow. Run it
 * with `pnpm soak`; needs root and chromium.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { liveHeapKib } from '../bench/page.ts';
import { exact } from '../e2e/chromium.ts';
import { eachWithDashboard } from '../e2e/dashboard.ts';
import { buildGenerator, type Generator } from '../lab/generator.ts';
import { until } from '../lab/until.ts';
import { type Trend, trend } from './trend.ts';

const SECONDS = Number(process.env['SOAK_MINUTES'] ?? 10) * 60;
const RATE = Number(process.env['SOAK_PAGE_RATE'] ?? 10_000);
/** The highest rate that a socket sends evenly; above it the kernel's live frames are used. */
const FROM_A_SOCKET = 50_000;
/** Time that is not evaluated: until the chart has its ten minutes of seconds. */
const WARM_UP_SECONDS = Math.min(660, SECONDS / 3);
const EVERY_SECONDS = 5;
/** A slope whose confidence interval lies above this is a leak: 3.5 MiB in an hour. */
const BOUND_KIB_S = 1;

const say = (line: string) => process.stdout.write(`${line}\n`);
const number = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: 3 });

const suite = eachWithDashboard({ ipv6: false });
let generator: Generator;
beforeAll(async () => {
  generator = await buildGenerator();
});
afterAll(() => generator?.remove());

test('the heap of the page does not grow', async () => {
  const { link } = suite.network;
  const { url } = await suite.start();
  const { page, problems } = await suite.open(url);
  const session = await page.context().newCDPSession(page);
  say(`page: ${SECONDS / 60} minutes at ${number(RATE)} packets/s; the first ${WARM_UP_SECONDS} s are not evaluated`);
  let over = false;
  const send = RATE > FROM_A_SOCKET ? generator.sendSteadily : generator.sendPaced;
  const sending = send(link.client, RATE * SECONDS, RATE).finally(() => {
    over = true;
  });
  const heap: number[] = [];
  for (let next = performance.now(); !over; next += EVERY_SECONDS * 1000) {
    heap.push(await liveHeapKib(session));
    const seconds = heap.length * EVERY_SECONDS;
    if (seconds % 60 === 0)
      say(`page: after ${seconds} s ${number(heap.at(-1) ?? 0)} KiB, ${await exact(page, 'total-seen')} packets seen`);
    await delay(Math.max(0, next + EVERY_SECONDS * 1000 - performance.now()));
  }
  const { sent } = await sending;
  // A cable whose queue is full drops packets, so compare with what arrived, not with what was sent.
  const arrived = await until(
    async () => {
      const seen = await exact(page, 'total-seen');
      return seen === (await link.server.counters()).rx.packets && seen;
    },
    { what: 'the page to have seen what arrived, no more and no less' },
  );
  expect(arrived).toBeGreaterThan(0);
  const evaluated = perSecond(trend(heap.slice(WARM_UP_SECONDS / EVERY_SECONDS)));
  const { mean, slope, low, high } = evaluated;
  say(
    `page's heap: mean ${number(mean)} KiB, slope ${number(slope)} KiB/s ` +
      `(95 %: ${number(low)} .. ${number(high)}), bound ${BOUND_KIB_S}; ${number(arrived)} packets arrived of ${number(sent)} sent, all seen`,
  );
  expect(problems).toEqual([]);
  expect(low).toBeLessThan(BOUND_KIB_S);
});

function perSecond({ slope, low, high, mean }: Trend): Trend {
  return { slope: slope / EVERY_SECONDS, low: low / EVERY_SECONDS, high: high / EVERY_SECONDS, mean };
}
