import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_STRIKES } from '../rules/store/bans-file.ts';
import { banDurationMs, STRIKE_MEMORY_MS, Strikes } from './strikes.ts';

const HOUR = 3_600_000;
const times = { firstMs: HOUR, maxMs: 24 * HOUR };

describe('the duration of a ban', () => {
  it('is four times as long each time, up to the longest', () => {
    expect([1, 2, 3, 4, 5, 1000].map((strike) => banDurationMs(times, strike) / HOUR)).toEqual([1, 4, 16, 24, 24, 24]);
  });

  it('never shrinks, and is never below the first or above the longest', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 0, max: 1e9 }), fc.nat(100), (first, more, n) => {
        const range = { firstMs: first, maxMs: first + more };
        const [one, next] = [banDurationMs(range, n + 1), banDurationMs(range, n + 2)];
        expect(one).toBeGreaterThanOrEqual(first);
        expect(next).toBeGreaterThanOrEqual(one);
        expect(next).toBeLessThanOrEqual(first + more);
      }),
    );
  });
});

/** Forgets the bans of a source all at once, a week after the last one ended. */
class Model {
  #bans: { source: string; limit: number; endMs: number }[] = [];

  next(source: string, limit: number, nowMs: number): number {
    const isOf = (each: { source: string; limit: number }) => each.source === source && each.limit === limit;
    const isForgotten = this.#bans.filter(isOf).every(({ endMs }) => endMs + STRIKE_MEMORY_MS <= nowMs);
    if (isForgotten) this.#bans = this.#bans.filter((each) => !isOf(each));
    return this.#bans.filter(isOf).length + 1;
  }

  add(source: string, limit: number, endMs: number): void {
    this.#bans.push({ source, limit, endMs });
  }
}

describe('strikes', () => {
  it('are counted per source and limit, as the model says, also when they are undone and stored', () => {
    const command = fc.record({
      source: fc.constantFrom('192.0.2.1', '192.0.2.2'),
      limit: fc.constantFrom(1, 2),
      afterMs: fc.nat(2 * STRIKE_MEMORY_MS),
      lastsMs: fc.integer({ min: 1, max: 30 * 24 * HOUR }),
      isUndone: fc.boolean(),
      isStored: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 14 }), (commands) => {
        let strikes = new Strikes();
        const model = new Model();
        let nowMs = 0;
        for (const [decision, { source, limit, afterMs, lastsMs, isUndone, isStored }] of commands.entries()) {
          nowMs += afterMs;
          expect(strikes.next(source, limit, nowMs)).toBe(model.next(source, limit, nowMs));
          strikes.add(source, limit, [decision, nowMs + lastsMs], nowMs);
          if (isUndone) strikes.remove(source, limit, decision);
          else model.add(source, limit, nowMs + lastsMs);
          if (isStored) strikes = new Strikes(JSON.parse(JSON.stringify(strikes.stored(nowMs))));
        }
      }),
    );
  });

  it('of too many sources are forgotten, the earliest end first', () => {
    const strikes = new Strikes();
    for (let i = 0; i <= MAX_STRIKES; i++) strikes.add(`source ${i}`, 1, [i, 1000 + i], 0);
    expect(strikes.stored(0)).toHaveLength(MAX_STRIKES);
    expect([0, 1, MAX_STRIKES].map((i) => strikes.next(`source ${i}`, 1, 0))).toEqual([1, 2, 2]);
  });
});
