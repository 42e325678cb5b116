import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AlertProgress, evaluateAlert } from './alert-progress.ts';
import { parseAlertCondition } from './parse-alert-condition.ts';

/** Evaluates values of consecutive seconds; returns the events by second. */
function events(condition: string, values: readonly (number | undefined)[], isFiring = false): [number, string][] {
  const parsed = parseAlertCondition(condition);
  let progress: AlertProgress = { isFiring, atMs: 0 };
  return values.flatMap((value, second): [number, string][] => {
    const evaluated = evaluateAlert(parsed, value, progress, second * 1000);
    progress = evaluated.progress;
    return evaluated.event === undefined ? [] : [[second, evaluated.event]];
  });
}

const times = (count: number, value: number | undefined) => Array.from({ length: count }, () => value);

describe('an alert', () => {
  it('fires once the condition has held for its time, and not if it was interrupted', () => {
    expect(events('denied > 10 for 3s', times(10, 11))).toEqual([[3, 'fired']]);
    expect(events('denied > 10 for 3s', [11, 11, 11, 10, 11, 11, 11, 9])).toEqual([]);
    expect(events('denied > 10', [10, 11])).toEqual([[1, 'fired']]);
  });

  it('is resolved once the value was at most 80 % of the threshold for the same time', () => {
    const fired = times(21, 11);
    expect(events('denied > 10 for 20s', [...fired, ...times(30, 8)])).toEqual([
      [20, 'fired'],
      [41, 'resolved'],
    ]);
    expect(events('denied > 10 for 20s', [...fired, ...times(60, 9)])).toEqual([[20, 'fired']]);
    expect(events('denied > 10 for 20s', [...fired, ...times(15, 8), 9, ...times(15, 8)])).toEqual([[20, 'fired']]);
  });

  it('that fires at once is resolved after 10 s at the earliest', () => {
    expect(events('ring loss > 0', [1, ...times(20, 0)])).toEqual([
      [0, 'fired'],
      [11, 'resolved'],
    ]);
  });

  it('below a threshold is resolved at a quarter more', () => {
    expect(events('packets < 8', [7, ...times(20, 9), ...times(20, 10)])).toEqual([
      [0, 'fired'],
      [31, 'resolved'],
    ]);
    expect(events('disk < 4%', [3.9, ...times(20, 4.9), ...times(20, 5)])).toEqual([
      [0, 'fired'],
      [31, 'resolved'],
    ]);
  });

  it('of a share is resolved at 80 % of its threshold, and holds at 100 %', () => {
    expect(events('denied > 30% for 2s', [30, 31, 100, 100, ...times(10, 25), ...times(12, 24)])).toEqual([
      [3, 'fired'],
      [24, 'resolved'],
    ]);
    expect(events('denied > 0%', [0, 0.1, ...times(11, 0)])).toEqual([
      [1, 'fired'],
      [12, 'resolved'],
    ]);
  });

  it('of a state follows the state', () => {
    expect(events('recorder stopped for 2s', [1, 0, 1, 1, 1, ...times(11, 0)])).toEqual([
      [4, 'fired'],
      [15, 'resolved'],
    ]);
  });

  it('neither fires nor is resolved while the value is unknown', () => {
    expect(events('denied > 10 for 2s', [11, 11, undefined, 11, 11, 11])).toEqual([[5, 'fired']]);
    expect(events('denied > 10', times(60, undefined), true)).toEqual([]);
  });

  it('does not count a pause of the evaluation as time in which the condition held', () => {
    const condition = parseAlertCondition('denied > 10 for 10s');
    const { progress } = evaluateAlert(condition, 11, { isFiring: false, atMs: 0 }, 1000);
    const later = evaluateAlert(condition, 11, progress, 3_600_000);
    expect(later.event).toBeUndefined();
    expect(evaluateAlert(condition, 11, later.progress, 3_604_000).event).toBeUndefined();
  });

  it('alternates: no two events of a kind follow each other, and a minute has at most six pairs', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 60, maxLength: 300 }), (values) => {
        const all = events('denied > 10', values).map(([, event]) => event);
        expect(all).toEqual(all.map((_, i) => (i % 2 === 0 ? 'fired' : 'resolved')));
        expect(all.length).toBeLessThanOrEqual(2 * Math.ceil(values.length / 10));
      }),
    );
  });
});
