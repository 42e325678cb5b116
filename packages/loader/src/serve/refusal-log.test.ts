import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RefusalLog } from './refusal-log.ts';

const MINUTE_MS = 60_000;
let lines: Record<string, unknown>[] = [];
let log: RefusalLog;
beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  log = new RefusalLog(pino({ base: null, timestamp: false }, { write: (line) => lines.push(JSON.parse(line)) }));
});
afterEach(() => vi.useRealTimers());

const FIRST = 'socket refused';
const MORE = 'more sockets refused within a minute';
const told = () => lines.splice(0).map(({ level: _, ...line }) => line);

it('tells the first of each value at once, and how many more there were when the minute is over', () => {
  for (let i = 0; i < 1000; i++) log.refused('Origin', 'http://evil.example');
  log.refused('Host', 'evil.example');
  log.refused('Host', 'evil.example');
  expect(told()).toEqual([
    { origin: 'http://evil.example', msg: FIRST },
    { host: 'evil.example', msg: FIRST },
  ]);
  vi.advanceTimersByTime(MINUTE_MS - 1);
  expect(told()).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(told()).toEqual([{ count: 1000, msg: MORE }]);
});

it('begins anew with the next minute, and says nothing while nobody comes', () => {
  log.refused('Origin', 'null');
  vi.advanceTimersByTime(MINUTE_MS);
  expect(told()).toEqual([{ origin: 'null', msg: FIRST }]);
  expect(vi.getTimerCount()).toBe(0);
  log.refused('Origin', 'null');
  expect(told()).toEqual([{ origin: 'null', msg: FIRST }]);
});

it('is as short when each comes with another value, and a long one', () => {
  for (let i = 0; i < 5000; i++) log.refused('Host', `${i}.${'x'.repeat(10_000)}`);
  vi.advanceTimersByTime(MINUTE_MS);
  const all = told();
  expect(all).toHaveLength(11);
  expect(all.at(-1)).toEqual({ count: 4990, msg: MORE });
  expect(JSON.stringify(all).length).toBeLessThan(11 * 400);
});

it('tells what it knows at the end', () => {
  for (let i = 0; i < 3; i++) log.refused('Host', undefined);
  log.flush();
  expect(told()).toEqual([
    { host: '', msg: FIRST },
    { count: 2, msg: MORE },
  ]);
  expect(vi.getTimerCount()).toBe(0);
});
