import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowBudget } from './token-bucket.ts';

describe('RowBudget', () => {
  it('lets a fifth of a second through at once, then waits for more', () => {
    const budget = new RowBudget(1000, 0);
    expect(budget.take(500, 0)).toBe(200);
    expect(budget.take(500, 0)).toBe(0);
    expect(budget.take(500, 10)).toBe(10);
    expect(budget.take(5, 20)).toBe(5);
    expect(budget.take(500, 20)).toBe(5);
  });

  it('saves up no more than a fifth of a second', () => {
    const budget = new RowBudget(1000, 0);
    expect(budget.take(200, 0)).toBe(200);
    expect(budget.take(1000, 60_000)).toBe(200);
  });

  it('lets everything through without a limit, whatever the clock says', () => {
    const budget = new RowBudget(Number.POSITIVE_INFINITY, 5);
    expect([budget.take(1e9, 5), budget.take(7, 0), budget.take(0, 5)]).toEqual([1e9, 7, 0]);
  });

  it('lets nothing through at zero, ever', () => {
    const budget = new RowBudget(0, 0);
    expect([budget.take(1, 0), budget.take(1, 1e9)]).toEqual([0, 0]);
  });

  it('lets one row a second through at the smallest rate', () => {
    const budget = new RowBudget(1, 0);
    const seconds = Array.from({ length: 10 }, (_, second) => budget.take(100, second * 1000));
    expect(seconds).toEqual(Array.from({ length: 10 }, () => 1));
  });

  it.each([
    ['a lower limit', 1000, 100, 20],
    ['zero', 1000, 0, 0],
    ['a limit where there was none', Number.POSITIVE_INFINITY, 1000, 200],
  ])('keeps no more than the new burst when it changes to %s', (_, before, after, most) => {
    const budget = new RowBudget(before, 0);
    budget.change(after);
    expect(budget.perSecond).toBe(after);
    expect(budget.take(1e6, 0)).toBe(most);
  });

  it.each([Number.POSITIVE_INFINITY, 1000])('wakes from zero to %d', (after) => {
    const budget = new RowBudget(0, 0);
    expect(budget.take(10, 0)).toBe(0);
    budget.change(after);
    expect(budget.take(10, 100)).toBe(10);
  });

  it('never lets through more than was offered, nor more than rate times time and one burst', () => {
    const takes = fc.array(fc.tuple(fc.nat(5000), fc.nat(400)), { maxLength: 50 });
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 100_000 }), takes, (perSecond, each) => {
        const budget = new RowBudget(perSecond, 0);
        let now = 0;
        let taken = 0;
        for (const [rows, ms] of each) {
          now += ms;
          const some = budget.take(rows, now);
          expect(some).toBeGreaterThanOrEqual(0);
          expect(some).toBeLessThanOrEqual(rows);
          expect(Number.isInteger(some)).toBe(true);
          taken += some;
        }
        expect(taken).toBeLessThanOrEqual(perSecond / 5 + (now / 1000) * perSecond + 1);
      }),
    );
  });
});
