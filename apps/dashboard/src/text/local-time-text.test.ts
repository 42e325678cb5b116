import { expect, test } from 'vitest';
import { localTimeText, zoneText } from './local-time-text.ts';

test.each([
  [0, 'UTC'],
  [60, 'UTC+1'],
  [-210, 'UTC-3:30'],
  [345, 'UTC+5:45'],
])('%i minutes east is %s', (minutes, text) => {
  expect(zoneText(minutes)).toBe(text);
});

test('a time is local time with its zone', () => {
  expect(localTimeText(Date.UTC(2030, 2, 17, 12, 46, 40, 118))).toMatch(
    /^local time \d\d:\d\d:40\.118 \(UTC([+-]\d.*)?\)$/,
  );
});
