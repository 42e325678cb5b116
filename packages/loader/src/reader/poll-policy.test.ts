import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Next, Rhythm } from './poll-policy.ts';

const COLD = { mayBeHot: false };
const HOT = { mayBeHot: true };
/** What comes in a millisecond when a lot comes. */
const MANY = 5000;

/** Milliseconds napped over empty looks until it sleeps. */
function napsUntilSleep(rhythm: Rhythm, hurried = false): number[] {
  const naps: number[] = [];
  for (;;) {
    const next = rhythm.next(0, false, hurried);
    if (next.do === 'sleep') return naps;
    if (next.do === 'cool') continue;
    if (next.do === 'again') throw new Error('looks again at once though nothing was there');
    naps.push(next.ms);
    if (naps.length > 1000) throw new Error('never sleeps');
  }
}

describe('Rhythm', () => {
  it('naps a millisecond after each look that found records', () => {
    const rhythm = new Rhythm(COLD);
    for (let i = 0; i < 100; i++) expect(rhythm.next(1 + i, false)).toEqual({ do: 'nap', ms: 1, giving: 'hold' });
  });

  it('naps half of one after a look that found some when it is hurried, but not after many', () => {
    const rhythm = new Rhythm(COLD);
    for (const records of [1, 100, 1, 50]) {
      expect(rhythm.next(records, false, true)).toEqual({ do: 'nap', ms: 0.5, giving: 'hold' });
    }
    expect(rhythm.next(1000, false, true)).toEqual({ do: 'nap', ms: 1, giving: 'hold' });
    expect(rhythm.next(1000, true, true)).toEqual({ do: 'again', giving: 'hold' });
    expect(rhythm.next(1, false, false)).toEqual({ do: 'nap', ms: 1, giving: 'hold' });
  });

  it('hurried never naps longer than a millisecond, and sleeps within five', () => {
    const naps = napsUntilSleep(new Rhythm(COLD), true);
    expect(naps).toEqual([...naps].sort((a, b) => a - b));
    expect(Math.max(...naps)).toBe(1);
    expect(naps.length).toBeGreaterThan(3);
    expect(naps.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(5);
    const hot = new Rhythm(HOT);
    afterMany(hot);
    expect(Math.max(...napsUntilSleep(hot, true))).toBe(1);
  });

  it('looks again at once while a look ends at its budget', () => {
    const rhythm = new Rhythm(COLD);
    expect([rhythm.next(58_000, true), rhythm.next(58_000, true)]).toMatchObject([{ do: 'again' }, { do: 'again' }]);
    expect(rhythm.next(5, false)).toEqual({ do: 'nap', ms: 1, giving: 'hold' });
  });

  it('naps ever longer over empty looks, then sleeps, within a fiftieth of a second', () => {
    const naps = napsUntilSleep(new Rhythm(COLD));
    expect(naps).toEqual([...naps].sort((a, b) => a - b));
    expect(naps.length).toBeGreaterThan(3);
    expect(naps.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(20);
  });

  it('sleeps again at once when it woke for nothing', () => {
    const rhythm = new Rhythm(COLD);
    napsUntilSleep(rhythm);
    for (let i = 0; i < 10; i++) expect(rhythm.next(0, false)).toEqual({ do: 'sleep', giving: 'exact' });
  });

  it.each([
    ['a record', 1, false],
    ['a full look', 1, true],
    ['a full look of discarded records', 0, true],
  ])('begins anew after %s', (_, records, more) => {
    const rhythm = new Rhythm(COLD);
    const naps = napsUntilSleep(rhythm);
    rhythm.next(records, more);
    expect(napsUntilSleep(rhythm)).toEqual(naps);
  });

  const afterMany = (rhythm: Rhythm) => Array.from({ length: 100 }, () => rhythm.next(MANY, false).giving).at(-1);
  /** What it says while so many come in each millisecond, for so long; 'cool' comes once. */
  const saysWhile = (rhythm: Rhythm, records: number, milliseconds: number) =>
    Array.from({ length: milliseconds }, () => rhythm.next(records, false));
  const cooled = (said: readonly Next[]) => said.filter((next) => next.do === 'cool').length;

  it('is hot while very many come, where that is possible', () => {
    expect(afterMany(new Rhythm(HOT))).toBe('hot');
    expect(afterMany(new Rhythm(COLD))).toBe('hold');
  });

  it('is hot by a hundred million at a time without a nap', () => {
    const rhythm = new Rhythm(HOT);
    expect(rhythm.next(100_000_000, true)).toEqual({ do: 'again', giving: 'hot' });
  });

  it('does not become hot by as many over a longer time', () => {
    const said = saysWhile(new Rhythm(HOT), 200, 10_000);
    expect(said.filter(({ giving }) => giving === 'hot')).toEqual([]);
  });

  it('stays hot over a fifth of a second without a record, and sleeps after two thirds', () => {
    const rhythm = new Rhythm(HOT);
    afterMany(rhythm);
    expect(cooled(saysWhile(rhythm, 0, 20))).toBe(0);
    expect(rhythm.next(MANY, false)).toEqual({ do: 'nap', ms: 1, giving: 'hot' });
    const naps = napsUntilSleep(rhythm);
    expect(naps.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(666);
    expect(Math.max(...naps)).toBeLessThanOrEqual(8);
  });

  it.each([
    ['a thousand a second', 1, 1],
    ['thirty a second', 1, 33],
  ])('is hot no longer when %s come, and sleeps in between as ever', (_, records, everyLooks) => {
    const rhythm = new Rhythm(HOT);
    afterMany(rhythm);
    const said: Next[] = [];
    for (let i = 0; i < 2000; i++) said.push(rhythm.next(i % everyLooks === 0 ? records : 0, false));
    expect(cooled(said)).toBe(1);
    const later = said.slice(said.findIndex((next) => next.do === 'cool') + 1);
    expect(later.filter(({ giving }) => giving === 'hot')).toEqual([]);
    expect(later.some((next) => next.do === 'sleep')).toBe(everyLooks > 1);
  });

  it('stays hot while a fifth of what made it so comes', () => {
    const rhythm = new Rhythm(HOT);
    afterMany(rhythm);
    expect(new Set(saysWhile(rhythm, 60, 5000).map(({ giving }) => giving))).toEqual(new Set(['hot']));
  });

  it('is cold when it woke', () => {
    const rhythm = new Rhythm(HOT);
    afterMany(rhythm);
    napsUntilSleep(rhythm);
    expect(rhythm.next(1, false).giving).toBe('hold');
  });

  it('never wants to be woken before it has waited for the programs that saw it hot', () => {
    const found = fc.record({
      records: fc.constantFrom(0, 1, MANY),
      more: fc.boolean(),
      hurried: fc.boolean(),
      times: fc.nat(50),
    });
    fc.assert(
      fc.property(fc.array(found), (looks) => {
        const rhythm = new Rhythm(HOT);
        let seenHot = false;
        for (const { records, more, hurried, times } of looks) {
          for (let i = 0; i < times; i++) {
            const next = rhythm.next(records, more && records > 0, hurried);
            if (next.giving === 'exact') expect(seenHot).toBe(false);
            seenHot = next.giving === 'hot' || (seenHot && next.do !== 'cool');
          }
        }
      }),
    );
  });
});
