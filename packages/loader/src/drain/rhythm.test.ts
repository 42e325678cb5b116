import { describe, expect, it } from 'vitest';
import { Rhythm } from './rhythm.ts';

/** Milliseconds napped over empty looks until it sleeps. */
function napsUntilSleep(rhythm: Rhythm): number[] {
  const naps: number[] = [];
  for (;;) {
    const next = rhythm.next(0, false);
    if (next.do === 'sleep') return naps;
    if (next.do === 'again') throw new Error('looks again at once though nothing was there');
    naps.push(next.ms);
    if (naps.length > 100) throw new Error('never sleeps');
  }
}

describe('Rhythm', () => {
  it('naps a millisecond after each look that found records', () => {
    const rhythm = new Rhythm();
    for (let i = 0; i < 100; i++) expect(rhythm.next(1 + i, false)).toEqual({ do: 'nap', ms: 1 });
  });

  it('looks again at once while a look ends at its budget', () => {
    const rhythm = new Rhythm();
    expect([rhythm.next(58_000, true), rhythm.next(58_000, true)]).toEqual([{ do: 'again' }, { do: 'again' }]);
    expect(rhythm.next(5, false)).toEqual({ do: 'nap', ms: 1 });
  });

  it('naps ever longer over empty looks, then sleeps, within a fiftieth of a second', () => {
    const naps = napsUntilSleep(new Rhythm());
    expect(naps).toEqual([...naps].sort((a, b) => a - b));
    expect(naps.length).toBeGreaterThan(3);
    expect(naps.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(20);
  });

  it('sleeps again at once when it woke for nothing', () => {
    const rhythm = new Rhythm();
    napsUntilSleep(rhythm);
    for (let i = 0; i < 10; i++) expect(rhythm.next(0, false)).toEqual({ do: 'sleep' });
  });

  it.each([
    ['a record', 1, false],
    ['a full look', 1, true],
    ['a full look of discarded records', 0, true],
  ])('begins anew after %s', (_, records, more) => {
    const rhythm = new Rhythm();
    const naps = napsUntilSleep(rhythm);
    rhythm.next(records, more);
    expect(napsUntilSleep(rhythm)).toEqual(naps);
  });
});
