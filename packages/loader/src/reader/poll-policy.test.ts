import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Next, PollPolicy } from './poll-policy.ts';

const COLD = { canPoll: false };
const HOT = { canPoll: true };
/** Records per millisecond under heavy traffic. */
const MANY = 5000;

/** Returns the milliseconds napped over empty polls until it sleeps. */
function napsUntilSleep(pollPolicy: PollPolicy, lowLatency = false): number[] {
  const naps: number[] = [];
  for (;;) {
    const next = pollPolicy.next(0, false, lowLatency);
    if (next.do === 'sleep') return naps;
    if (next.do === 'cool') continue;
    if (next.do === 'again') throw new Error('looks again at once though nothing was there');
    naps.push(next.ms);
    if (naps.length > 1000) throw new Error('never sleeps');
  }
}

describe('PollPolicy', () => {
  it('naps a millisecond after each poll that found records', () => {
    const pollPolicy = new PollPolicy(COLD);
    for (let i = 0; i < 100; i++) expect(pollPolicy.next(1 + i, false)).toEqual({ do: 'nap', ms: 1, giving: 'hold' });
  });

  it('naps half a millisecond after a poll with few records at low latency, but not after many', () => {
    const pollPolicy = new PollPolicy(COLD);
    for (const records of [1, 100, 1, 50]) {
      expect(pollPolicy.next(records, false, true)).toEqual({ do: 'nap', ms: 0.5, giving: 'hold' });
    }
    expect(pollPolicy.next(1000, false, true)).toEqual({ do: 'nap', ms: 1, giving: 'hold' });
    expect(pollPolicy.next(1000, true, true)).toEqual({ do: 'again', giving: 'hold' });
    expect(pollPolicy.next(1, false, false)).toEqual({ do: 'nap', ms: 1, giving: 'hold' });
  });

  it('with low latency it never naps longer than a millisecond, and sleeps within five', () => {
    const naps = napsUntilSleep(new PollPolicy(COLD), true);
    expect(naps).toEqual([...naps].sort((a, b) => a - b));
    expect(Math.max(...naps)).toBe(1);
    expect(naps.length).toBeGreaterThan(3);
    expect(naps.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(5);
    const hot = new PollPolicy(HOT);
    afterMany(hot);
    expect(Math.max(...napsUntilSleep(hot, true))).toBe(1);
  });

  it('polls again at once while a poll ends at its budget', () => {
    const pollPolicy = new PollPolicy(COLD);
    expect([pollPolicy.next(58_000, true), pollPolicy.next(58_000, true)]).toMatchObject([
      { do: 'again' },
      { do: 'again' },
    ]);
    expect(pollPolicy.next(5, false)).toEqual({ do: 'nap', ms: 1, giving: 'hold' });
  });

  it('naps ever longer over empty polls, then sleeps, within a fiftieth of a second', () => {
    const naps = napsUntilSleep(new PollPolicy(COLD));
    expect(naps).toEqual([...naps].sort((a, b) => a - b));
    expect(naps.length).toBeGreaterThan(3);
    expect(naps.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(20);
  });

  it('sleeps again at once after a wake-up without records', () => {
    const pollPolicy = new PollPolicy(COLD);
    napsUntilSleep(pollPolicy);
    for (let i = 0; i < 10; i++) expect(pollPolicy.next(0, false)).toEqual({ do: 'sleep', giving: 'exact' });
  });

  it.each([
    ['a record', 1, false],
    ['a full look', 1, true],
    ['a full look of discarded records', 0, true],
  ])('starts over after %s', (_, records, more) => {
    const pollPolicy = new PollPolicy(COLD);
    const naps = napsUntilSleep(pollPolicy);
    pollPolicy.next(records, more);
    expect(napsUntilSleep(pollPolicy)).toEqual(naps);
  });

  const afterMany = (pollPolicy: PollPolicy) =>
    Array.from({ length: 100 }, () => pollPolicy.next(MANY, false).giving).at(-1);
  /** Returns the steps while `records` arrive in each of `milliseconds` polls; 'cool' occurs once. */
  const saysWhile = (pollPolicy: PollPolicy, records: number, milliseconds: number) =>
    Array.from({ length: milliseconds }, () => pollPolicy.next(records, false));
  const cooled = (said: readonly Next[]) => said.filter((next) => next.do === 'cool').length;

  it('is hot while very many records arrive, where that is possible', () => {
    expect(afterMany(new PollPolicy(HOT))).toBe('hot');
    expect(afterMany(new PollPolicy(COLD))).toBe('hold');
  });

  it('becomes hot from a hundred million records at once without a nap', () => {
    const pollPolicy = new PollPolicy(HOT);
    expect(pollPolicy.next(100_000_000, true)).toEqual({ do: 'again', giving: 'hot' });
  });

  it('does not become hot from as many records over a longer time', () => {
    const said = saysWhile(new PollPolicy(HOT), 200, 10_000);
    expect(said.filter(({ giving }) => giving === 'hot')).toEqual([]);
  });

  it('stays hot over a fifth of a second without a record, and sleeps after two thirds', () => {
    const pollPolicy = new PollPolicy(HOT);
    afterMany(pollPolicy);
    expect(cooled(saysWhile(pollPolicy, 0, 20))).toBe(0);
    expect(pollPolicy.next(MANY, false)).toEqual({ do: 'nap', ms: 1, giving: 'hot' });
    const naps = napsUntilSleep(pollPolicy);
    expect(naps.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(666);
    expect(Math.max(...naps)).toBeLessThanOrEqual(8);
  });

  it.each([
    ['a thousand a second', 1, 1],
    ['thirty a second', 1, 33],
  ])('stops being hot when %s come, and sleeps in between as usual', (_, records, everyLooks) => {
    const pollPolicy = new PollPolicy(HOT);
    afterMany(pollPolicy);
    const said: Next[] = [];
    for (let i = 0; i < 2000; i++) said.push(pollPolicy.next(i % everyLooks === 0 ? records : 0, false));
    expect(cooled(said)).toBe(1);
    const later = said.slice(said.findIndex((next) => next.do === 'cool') + 1);
    expect(later.filter(({ giving }) => giving === 'hot')).toEqual([]);
    expect(later.some((next) => next.do === 'sleep')).toBe(everyLooks > 1);
  });

  it('stays hot while a fifth of the records that made it hot arrive', () => {
    const pollPolicy = new PollPolicy(HOT);
    afterMany(pollPolicy);
    expect(new Set(saysWhile(pollPolicy, 60, 5000).map(({ giving }) => giving))).toEqual(new Set(['hot']));
  });

  it('is not hot after waking', () => {
    const pollPolicy = new PollPolicy(HOT);
    afterMany(pollPolicy);
    napsUntilSleep(pollPolicy);
    expect(pollPolicy.next(1, false).giving).toBe('hold');
  });

  it('never arms its wake-up before it has waited for the programs that saw it hot', () => {
    const found = fc.record({
      records: fc.constantFrom(0, 1, MANY),
      more: fc.boolean(),
      lowLatency: fc.boolean(),
      times: fc.nat(50),
    });
    fc.assert(
      fc.property(fc.array(found), (looks) => {
        const pollPolicy = new PollPolicy(HOT);
        let seenHot = false;
        for (const { records, more, lowLatency, times } of looks) {
          for (let i = 0; i < times; i++) {
            const next = pollPolicy.next(records, more && records > 0, lowLatency);
            if (next.giving === 'exact') expect(seenHot).toBe(false);
            seenHot = next.giving === 'hot' || (seenHot && next.do !== 'cool');
          }
        }
      }),
    );
  });
});
