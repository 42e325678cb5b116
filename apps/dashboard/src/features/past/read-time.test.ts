import { describe, expect, it } from 'vitest';
import { rangeText } from '../../text/calendar-text.ts';
import { readTime, TIME_EXAMPLES } from './read-time.ts';

const now = new Date(2026, 10, 30, 14, 3, 22).getTime();

describe('readTime', () => {
  it.each([
    ['13:03', '13:03:00 to 13:04:00 today'],
    ['21:03', '21:03:00 to 21:04:00 yesterday'],
    ['9:03:10', '09:03:10 to 09:03:20 today'],
    ['14:03', '14:03:00 to 14:03:22 today'],
    ['yesterday 21:03', '21:03:00 to 21:04:00 yesterday'],
    ['today 9:00 to 9:30', '09:00:00 to 09:30:00 today'],
    ['2026-11-29 21:03:10', '21:03:10 to 21:03:20 yesterday'],
    ['2026-11-28T21:03:10.5', '21:03:10.500 to 21:03:20.500 Sat 28 Nov'],
    ['21:03-21:10', '21:03:00 to 21:10:00 yesterday'],
    ['21:03 – 21:10', '21:03:00 to 21:10:00 yesterday'],
    ['23:50-00:10', 'yesterday 23:50:00 to today 00:10:00'],
    ['yesterday 21:03:10 to 21:04', '21:03:10 to 21:04:00 yesterday'],
    ['yesterday 23:00 to today 01:00', 'yesterday 23:00:00 to today 01:00:00'],
    ['2026-11-28 21:00 - 2026-11-29 21:00', 'Sat 28 Nov 21:00:00 to yesterday 21:00:00'],
    ['13:00 to now', '13:00:00 to 14:03:22 today'],
    ['yesterday', 'all of yesterday'],
    ['2026-11-27 to yesterday', 'Fri 27 Nov 00:00:00 to today 00:00:00'],
    ['today', '00:00:00 to 14:03:22 today'],
    ['-2h', '12:03:22 to 14:03:22 today'],
    ['30 min ago', '13:33:22 to 14:03:22 today'],
  ])('%s is %s', (text, expected) => {
    const span = readTime(text, now);
    expect(span && rangeText(span, now)).toBe(expected);
  });

  it.each([
    '',
    'tcp',
    '443',
    '25:00',
    '21:60',
    '2026-02-30',
    '2026-13-01',
    'today 21:03',
    '2027-01-01',
    '13:10-13:05:00 x',
    '0h ago',
    '192.0.2.1',
    '2001:db8::1',
    'port 443',
    '1d',
  ])('%j is no time of the past', (text) => expect(readTime(text, now)).toBeNull());

  it('reads each example', () => {
    for (const example of TIME_EXAMPLES) expect(readTime(example, now), example).not.toBeNull();
  });
});
