import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LineLimit } from './line-limit.ts';

const MINUTE_MS = 60_000;
let lines: Record<string, unknown>[] = [];
let log: LineLimit;
beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  log = new LineLimit(pino({ base: null, timestamp: false }, { write: (line) => lines.push(JSON.parse(line)) }));
});
afterEach(() => vi.useRealTimers());

const FIRST = 'rejected';
const MORE = 'rejected; more within a minute';
const logged = () => lines.splice(0).map(({ level: _, ...line }) => line);

it('logs the first line of each value at once, and the number of others after a minute', () => {
  for (let i = 0; i < 1000; i++) log.warn({ origin: 'http://evil.example' }, FIRST);
  log.warn({ host: 'evil.example' }, FIRST);
  log.warn({ host: 'evil.example' }, FIRST);
  expect(logged()).toEqual([
    { origin: 'http://evil.example', msg: FIRST },
    { host: 'evil.example', msg: FIRST },
  ]);
  vi.advanceTimersByTime(MINUTE_MS - 1);
  expect(logged()).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(logged()).toEqual([{ count: 1000, msg: MORE }]);
});

it('logs each line again in the next minute, and has no timer while no line is pending', () => {
  log.warn({ origin: 'null' }, FIRST);
  vi.advanceTimersByTime(MINUTE_MS);
  expect(logged()).toEqual([{ origin: 'null', msg: FIRST }]);
  expect(vi.getTimerCount()).toBe(0);
  log.warn({ origin: 'null' }, FIRST);
  expect(logged()).toEqual([{ origin: 'null', msg: FIRST }]);
});

it('limits lines that each have a different, long value', () => {
  for (let i = 0; i < 5000; i++) log.warn({ host: `${i}.${'x'.repeat(10_000)}` }, FIRST);
  vi.advanceTimersByTime(MINUTE_MS);
  const all = logged();
  expect(all).toHaveLength(11);
  expect(all.at(-1)).toEqual({ count: 4990, msg: MORE });
  expect(JSON.stringify(all).length).toBeLessThan(11 * 400);
});

it('limits each message separately', () => {
  for (let i = 0; i < 5000; i++) log.warn({ host: String(i) }, FIRST);
  logged();
  log.warn({ address: '192.0.2.1' }, 'wrong token');
  expect(logged()).toEqual([{ address: '192.0.2.1', msg: 'wrong token' }]);
});

it('limits lines that each have a different message, or many facts', () => {
  for (let i = 0; i < 5000; i++) log.warn({}, `made up ${i}`);
  log.warn(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`${i}${'x'.repeat(1000)}`, i])), 'made up 0');
  vi.advanceTimersByTime(MINUTE_MS);
  const all = logged();
  expect(all).toHaveLength(66);
  expect(all.at(-1)).toEqual({ count: 4936, msg: 'other messages; more within a minute' });
  expect(Math.max(...all.map((line) => JSON.stringify(line).length))).toBeLessThan(5000);
});

it('logs the pending counts at the end', () => {
  for (let i = 0; i < 3; i++) log.warn({ host: '' }, FIRST);
  log.flush();
  expect(logged()).toEqual([
    { host: '', msg: FIRST },
    { count: 2, msg: MORE },
  ]);
  expect(vi.getTimerCount()).toBe(0);
});

it('logs an error with its stack once, and counts repetitions', () => {
  const fault = new Error('broken');
  for (let i = 0; i < 1000; i++) log.failed(fault, FIRST);
  log.failed(new Error('broken elsewhere'), FIRST);
  expect(logged()).toMatchObject([
    { msg: FIRST, err: { message: 'broken', stack: expect.any(String) } },
    { msg: FIRST, err: { message: 'broken elsewhere' } },
  ]);
  vi.advanceTimersByTime(MINUTE_MS);
  expect(logged()).toEqual([{ count: 999, msg: MORE }]);
});
