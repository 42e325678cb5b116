import { expect, test } from 'vitest';
import { ageText, agoText, clockMillisText, clockMinuteText, clockText, spanText } from './clock.ts';

const AT = Date.UTC(2026, 0, 2, 14, 3, 22, 118);

test('a time of day has leading zeros and, for packets, milliseconds', () => {
  expect(clockText(AT)).toBe('14:03:22');
  expect(clockMillisText(AT)).toBe('14:03:22.118');
  expect(clockMillisText(AT - 111)).toBe('14:03:22.007');
  expect(clockMinuteText(AT)).toBe('14:03');
});

test('fractions of a millisecond are truncated, so a time never moves into the next second', () => {
  expect(clockMillisText(Date.UTC(2026, 0, 2, 0, 0, 59, 999) + 0.9)).toBe('00:00:59.999');
});

test.each([
  [-5, '0.0 s'],
  [400, '0.4 s'],
  [9_940, '9.9 s'],
  [9_960, '10 s'],
  [12_400, '12 s'],
  [60_000, '1 min'],
  [185_000, '3 min 5 s'],
  [7_800_000, '2 h 10 min'],
  [356_400_000, '4 d 3 h'],
])('an age of %d ms reads %s', (ms, text) => {
  expect(ageText(ms)).toBe(text);
});

test('a duration has no decimals', () => {
  expect(spanText(1_400)).toBe('1 s');
});

test('a time ago is in whole seconds, at least one', () => {
  expect([-5, 200, 2_300, 90_000].map(agoText)).toEqual(['1 s ago', '1 s ago', '2 s ago', '1 min 30 s ago']);
});
