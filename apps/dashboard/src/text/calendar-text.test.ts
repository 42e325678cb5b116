import { describe, expect, it } from 'vitest';
import { dayText, midnight, rangeText, timeInRangeText } from './calendar-text.ts';

const at = (...parts: [number, number, number, number?, number?, number?, number?]) => new Date(...parts).getTime();
const now = at(2026, 10, 30, 14, 3, 22);

describe('dayText', () => {
  it.each([
    [at(2026, 10, 30, 0, 0, 0), 'today'],
    [at(2026, 10, 29, 23, 59, 59), 'yesterday'],
    [at(2026, 10, 28, 12), 'Sat 28 Nov'],
    [at(2025, 11, 31, 12), 'Wed 31 Dec 2025'],
  ])('of %d is %s', (ms, text) => expect(dayText(ms, now)).toBe(text));
});

describe('timeInRangeText', () => {
  const hours = (count: number) => count * 3_600_000;
  it('has the day if the range is longer than a day', () => {
    expect(timeInRangeText(now, hours(24))).toBe('14:03:22');
    expect(timeInRangeText(now, hours(25))).toBe('Mon 30 Nov 14:03');
  });
});

describe('rangeText', () => {
  it.each([
    [at(2026, 10, 29, 21, 3, 10), at(2026, 10, 29, 21, 4, 0), '21:03:10 to 21:04:00 yesterday'],
    [at(2026, 10, 29, 23, 50), at(2026, 10, 30, 0, 10), 'yesterday 23:50:00 to today 00:10:00'],
    [at(2026, 10, 28), midnight(at(2026, 10, 28), 1), 'all of Sat 28 Nov'],
    [at(2026, 10, 30, 9, 0, 0, 250), at(2026, 10, 30, 9, 0, 1), '09:00:00.250 to 09:00:01.000 today'],
  ])('%d to %d', (fromMs, toMs, text) => expect(rangeText({ fromMs, toMs }, now)).toBe(text));
});
