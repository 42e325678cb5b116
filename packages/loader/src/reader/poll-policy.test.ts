import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Next, PollPolicy } from './poll-policy.ts';

const CANNOT_POLL = { canPoll: false };
const CAN_POLL = { canPoll: true };
/** Records per millisecond under heavy traffic. */
const MANY = 5000;

/** Returns the milliseconds napped over empty polls until it sleeps. */
function napsUntilSleep(pollPolicy: PollPolicy, lowLatency = false): number[] {
  const naps: number[] = [];
  for (;;) {
    const next = pollPolicy.next(0, false, lowLatency);
    if (next.do === 'sleep') return naps;
    if (next.do === 'stopPolling') continue;
    if (next.do === 'again') throw new Error('polls again at once after an empty poll');
    naps.push(next.ms);
    if (naps.length > 1000) throw new Error('never sleeps');
  }
}

describe('PollPolicy', () => {
  it('naps a millisecond after each poll that found records', () => {
    const pollPolicy = new PollPolicy(CANNOT_POLL);
    for (let i = 0; i < 100; i++) expect(pollPolicy.next(1 + i, false)).toEqual({ do: 'nap', ms: 1, mode: 'holdLast' });
  });

  it('naps half a millisecond after a poll with few records at low latency, but not after many', () => {
    const pollPolicy = new PollPolicy(CANNOT_POLL);
    for (const records of [1, 100, 1, 50]) {
      expect(pollPolicy.next(records, false, true)).toEqual({ do: 'nap', ms: 0.5, mode: 'holdLast' });
    }
    expect(pollPolicy.next(1000, false, true)).toEqual({ do: 'nap', ms: 1, mode: 'holdLast' });
    expect(pollPolicy.next(1000, true, true)).toEqual({ do: 'again', mode: 'holdLast' });
    expect(pollPolicy.next(1, false, false)).toEqual({ do: 'nap', ms: 1, mode: 'holdLast' });
  });

  it('with low latency it never naps longer than a millisecond, and sleeps within five', () => {
    const naps = napsUntilSleep(new PollPolicy(CANNOT_POLL), true);
    expect(naps).toEqual([...naps].sort((a, b) => a - b));
    expect(Math.max(...naps)).toBe(1);
    expect(naps.length).toBeGreaterThan(3);
    expect(naps.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(5);
    const polling = new PollPolicy(CAN_POLL);
    afterMany(polling);
    expect(Math.max(...napsUntilSleep(polling, true))).toBe(1);
  });

  it('polls again at once while a poll ends at its budget', () => {
    const pollPolicy = new PollPolicy(CANNOT_POLL);
    expect([pollPolicy.next(58_000, true), pollPolicy.next(58_000, true)]).toMatchObject([
      { do: 'again' },
      { do: 'again' },
    ]);
    expect(pollPolicy.next(5, false)).toEqual({ do: 'nap', ms: 1, mode: 'holdLast' });
  });

  it('naps ever longer over empty polls, then sleeps, within a fiftieth of a second', () => {
    const naps = napsUntilSleep(new PollPolicy(CANNOT_POLL));
    expect(naps).toEqual([...naps].sort((a, b) => a - b));
    expect(naps.length).toBeGreaterThan(3);
    expect(naps.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(20);
  });

  it('sleeps again at once after a wake-up without records', () => {
    const pollPolicy = new PollPolicy(CANNOT_POLL);
    napsUntilSleep(pollPolicy);
    for (let i = 0; i < 10; i++) expect(pollPolicy.next(0, false)).toEqual({ do: 'sleep', mode: 'wakeOnNext' });
  });

  it.each([
    ['a record', 1, false],
    ['a poll that ended at its budget', 1, true],
    ['a poll that read its budget of discarded records', 0, true],
  ])('starts over after %s', (_, records, more) => {
    const pollPolicy = new PollPolicy(CANNOT_POLL);
    const naps = napsUntilSleep(pollPolicy);
    pollPolicy.next(records, more);
    expect(napsUntilSleep(pollPolicy)).toEqual(naps);
  });

  const afterMany = (pollPolicy: PollPolicy) =>
    Array.from({ length: 100 }, () => pollPolicy.next(MANY, false).mode).at(-1);
  /** Returns the steps while `records` arrive in each of `milliseconds` polls; 'stopPolling' occurs once. */
  const stepsWhile = (pollPolicy: PollPolicy, records: number, milliseconds: number) =>
    Array.from({ length: milliseconds }, () => pollPolicy.next(records, false));
  const stops = (steps: readonly Next[]) => steps.filter((next) => next.do === 'stopPolling').length;

  it('is polling while very many records arrive, where that is possible', () => {
    expect(afterMany(new PollPolicy(CAN_POLL))).toBe('polling');
    expect(afterMany(new PollPolicy(CANNOT_POLL))).toBe('holdLast');
  });

  it('starts polling after a hundred million records at once without a nap', () => {
    const pollPolicy = new PollPolicy(CAN_POLL);
    expect(pollPolicy.next(100_000_000, true)).toEqual({ do: 'again', mode: 'polling' });
  });

  it('does not start polling after as many records over a longer time', () => {
    const steps = stepsWhile(new PollPolicy(CAN_POLL), 200, 10_000);
    expect(steps.filter(({ mode }) => mode === 'polling')).toEqual([]);
  });

  it('keeps polling over a fifth of a second without a record, and sleeps after two thirds', () => {
    const pollPolicy = new PollPolicy(CAN_POLL);
    afterMany(pollPolicy);
    expect(stops(stepsWhile(pollPolicy, 0, 20))).toBe(0);
    expect(pollPolicy.next(MANY, false)).toEqual({ do: 'nap', ms: 1, mode: 'polling' });
    const naps = napsUntilSleep(pollPolicy);
    expect(naps.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(666);
    expect(Math.max(...naps)).toBeLessThanOrEqual(8);
  });

  it.each([
    ['a thousand a second', 1, 1],
    ['thirty a second', 1, 33],
  ])('stops polling when %s arrive, and sleeps in between as usual', (_, records, everyPolls) => {
    const pollPolicy = new PollPolicy(CAN_POLL);
    afterMany(pollPolicy);
    const steps: Next[] = [];
    for (let i = 0; i < 2000; i++) steps.push(pollPolicy.next(i % everyPolls === 0 ? records : 0, false));
    expect(stops(steps)).toBe(1);
    const later = steps.slice(steps.findIndex((next) => next.do === 'stopPolling') + 1);
    expect(later.filter(({ mode }) => mode === 'polling')).toEqual([]);
    expect(later.some((next) => next.do === 'sleep')).toBe(everyPolls > 1);
  });

  it('keeps polling while a fifth of the records that started it arrive', () => {
    const pollPolicy = new PollPolicy(CAN_POLL);
    afterMany(pollPolicy);
    expect(new Set(stepsWhile(pollPolicy, 60, 5000).map(({ mode }) => mode))).toEqual(new Set(['polling']));
  });

  it('is not polling after waking', () => {
    const pollPolicy = new PollPolicy(CAN_POLL);
    afterMany(pollPolicy);
    napsUntilSleep(pollPolicy);
    expect(pollPolicy.next(1, false).mode).toBe('holdLast');
  });

  it('never requests a wake-up before it has waited for the programs that saw it polling', () => {
    const found = fc.record({
      records: fc.constantFrom(0, 1, MANY),
      more: fc.boolean(),
      lowLatency: fc.boolean(),
      times: fc.nat(50),
    });
    fc.assert(
      fc.property(fc.array(found), (polls) => {
        const pollPolicy = new PollPolicy(CAN_POLL);
        let seenPolling = false;
        for (const { records, more, lowLatency, times } of polls) {
          for (let i = 0; i < times; i++) {
            const next = pollPolicy.next(records, more && records > 0, lowLatency);
            if (next.mode === 'wakeOnNext') expect(seenPolling).toBe(false);
            seenPolling = next.mode === 'polling' || (seenPolling && next.do !== 'stopPolling');
          }
        }
      }),
    );
  });
});
