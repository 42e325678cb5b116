import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Budgets } from './budget.ts';
import { type PausedClient, ReadTurns } from './read-turns.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const client = (name: string, resumed: string[], { debtMs = 0, left = 0 } = {}): PausedClient => {
  const paidAt = Date.now() + debtMs;
  return { debtMs: () => Math.max(0, paidAt - Date.now()), left: () => left, resume: () => resumed.push(name) };
};

it('resumes one client at a time, and first those that have cost least', () => {
  const resumed: string[] = [];
  const turns = new ReadTurns(() => Date.now());
  turns.wait(client('costly', resumed, { left: -50 }));
  for (const i of [1, 2, 3]) turns.wait(client(`cheap ${i}`, resumed, { left: 100 + i }));
  vi.advanceTimersByTime(5);
  expect(resumed).toEqual(['cheap 3']);
  vi.advanceTimersByTime(10);
  expect(resumed).toEqual(['cheap 3', 'cheap 2', 'cheap 1']);
  vi.advanceTimersByTime(5);
  expect(resumed).toHaveLength(4);
});

it('resumes a client when its debt is paid, also if another one waits longer', () => {
  const resumed: string[] = [];
  const turns = new ReadTurns(() => Date.now());
  turns.wait(client('late', resumed, { debtMs: 5000 }));
  turns.wait(client('soon', resumed, { debtMs: 100 }));
  vi.advanceTimersByTime(150);
  expect(resumed).toEqual(['soon']);
  vi.advanceTimersByTime(5000);
  expect(resumed).toEqual(['soon', 'late']);
  turns.wait(client('later', resumed));
  vi.advanceTimersByTime(5);
  expect(resumed).toHaveLength(3);
});

it('of read-only clients keep what all of them send and is rejected within their common budget', () => {
  const budgets = new Budgets(() => Date.now());
  let rejections = 0;
  for (let i = 0; i < 50; i++) {
    const budget = budgets.of('loopback', false);
    /** Sends as soon as it is read from, whatever the answer. */
    const send = () => {
      while (budget.debtMs === 0) if (!budget.take(100)) rejections++;
      budget.whenPaid(send);
    };
    send();
  }
  rejections = 0;
  vi.advanceTimersByTime(2000);
  // 1,500 units a second; each client exceeds what is left once.
  expect(rejections).toBeGreaterThan(1000);
  expect(rejections).toBeLessThan(3500);
});
