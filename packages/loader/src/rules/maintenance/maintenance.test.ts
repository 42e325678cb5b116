import type { Rule } from '@packetlog/common';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { EMPTY_RULESET, type Ruleset } from '../ruleset/ruleset.ts';
import { Maintenance } from './maintenance.ts';

const NOW = Date.UTC(2030, 0, 1);
let ruleset: Ruleset;
let isWanted: boolean;
let ticks: number[];
let maintenance: Maintenance;
beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  [ruleset, isWanted, ticks] = [EMPTY_RULESET, false, []];
  const service = {
    get ruleset() {
      return ruleset;
    },
    confirmed: EMPTY_RULESET,
    tick: () => ticks.push(Date.now() - NOW),
    checkExpiringPermits: () => {},
  };
  maintenance = new Maintenance({
    service,
    files: { poll: () => {} },
    isWanted: () => isWanted,
    ticked: () => {},
  });
});
afterEach(() => vi.useRealTimers());

const ending = (afterMs: number): Ruleset => ({
  ...EMPTY_RULESET,
  rules: [{ id: 1, action: 'deny', expires_at: new Date(NOW + afterMs).toISOString() } as Rule],
});

it('sleeps while time changes nothing', () => {
  maintenance.plan();
  expect(vi.getTimerCount()).toBe(0);
});

it('wakes when a rule expires, even later than a timer can wait, and not before', () => {
  const days = 40 * 86_400_000;
  ruleset = ending(days);
  maintenance.plan();
  vi.advanceTimersByTime(days - 1);
  expect(ticks.every((at) => at % 86_400_000 === 0)).toBe(true);
  const before = ticks.length;
  vi.advanceTimersByTime(1);
  expect(ticks.slice(before)).toEqual([days]);
});

it('wakes within a second when the wall clock was set past the end of a rule', () => {
  ruleset = ending(86_400_000);
  maintenance.plan();
  vi.setSystemTime(NOW + 2 * 86_400_000);
  maintenance.plan();
  vi.advanceTimersByTime(1000);
  expect(ticks).toHaveLength(1);
});

it('wakes each second while it is needed, and not after the end', () => {
  isWanted = true;
  maintenance.plan();
  vi.advanceTimersByTime(3000);
  expect(ticks).toEqual([1000, 2000, 3000]);
  maintenance.end();
  maintenance.plan();
  expect(vi.getTimerCount()).toBe(0);
});
