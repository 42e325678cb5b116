import type { Rule } from '@packetlog/common';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { EMPTY_BOOK, type RuleBook } from '../ruleset/ruleset.ts';
import { Upkeep } from './maintenance.ts';

const NOW = Date.UTC(2030, 0, 1);
let book: RuleBook;
let isWanted: boolean;
let ticks: number[];
let upkeep: Upkeep;
beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  [book, isWanted, ticks] = [EMPTY_BOOK, false, []];
  const service = {
    get book() {
      return book;
    },
    confirmed: EMPTY_BOOK,
    tick: () => ticks.push(Date.now() - NOW),
    lookAhead: () => {},
  };
  upkeep = new Upkeep({
    service,
    files: { look: () => {} },
    isWanted: () => isWanted,
    ticked: () => {},
  });
});
afterEach(() => vi.useRealTimers());

const ending = (afterMs: number): RuleBook => ({
  ...EMPTY_BOOK,
  rules: [{ id: 1, action: 'deny', expires_at: new Date(NOW + afterMs).toISOString() } as Rule],
});

it('sleeps while time changes nothing', () => {
  upkeep.plan();
  expect(vi.getTimerCount()).toBe(0);
});

it('wakes when a rule is over, also in more days than a timer can wait, and not before', () => {
  const days = 40 * 86_400_000;
  book = ending(days);
  upkeep.plan();
  vi.advanceTimersByTime(days - 1);
  expect(ticks.every((at) => at % 86_400_000 === 0)).toBe(true);
  const before = ticks.length;
  vi.advanceTimersByTime(1);
  expect(ticks.slice(before)).toEqual([days]);
});

it('wakes each second while somebody needs it, and not when all ends', () => {
  isWanted = true;
  upkeep.plan();
  vi.advanceTimersByTime(3000);
  expect(ticks).toEqual([1000, 2000, 3000]);
  upkeep.end();
  upkeep.plan();
  expect(vi.getTimerCount()).toBe(0);
});
