import { expect, test } from 'vitest';
import { counted, formatBytes, formatCompact, formatCount, formatRound, quantityText } from './number.ts';

test.each([
  [0, '0'],
  [999, '999'],
  [1_234_567, '1,234,567'],
  [Number.MAX_SAFE_INTEGER, '9,007,199,254,740,991'],
])('%d is written as %s', (count, text) => {
  expect(formatCount(count)).toBe(text);
});

test.each([
  [0, '0', ''],
  [0.04, '<0.1', ''],
  [0.4, '0.4', ''],
  [7, '7', ''],
  [12.6, '13', ''],
  [999.4, '999', ''],
  [999.6, '1.00', 'k'],
  [1_240, '1.24', 'k'],
  [9_996, '10.0', 'k'],
  [48_213, '48.2', 'k'],
  [99_960, '100', 'k'],
  [999_600, '1.00', 'M'],
  [25_900_000, '25.9', 'M'],
])('%d has three significant digits: %s %s', (amount, value, unit) => {
  expect(formatCompact(amount)).toEqual({ value, unit });
});

test.each([
  [0, '0', ''],
  [5, '5', ''],
  [7.5, '7.5', ''],
  [1_500, '1.5', 'k'],
  [60_000, '60', 'k'],
  [100, '100', ''],
  [200_000, '200', 'k'],
])('%d at an axis is %s %s', (amount, value, unit) => {
  expect(formatRound(amount)).toEqual({ value, unit });
});

test('bytes have the unit B with its prefix', () => {
  expect(formatBytes(31_000_000)).toEqual({ value: '31.0', unit: 'MB' });
  expect(formatBytes(60)).toEqual({ value: '60', unit: 'B' });
});

test('value and unit stay on one line', () => {
  expect(quantityText(formatCompact(48_213))).toBe('48.2\u00a0k');
  expect(quantityText(formatCompact(3))).toBe('3');
});

test('a count of 1 is singular', () => {
  expect(counted(1, 'row')).toBe('1 row');
  expect(counted(34_812, 'packet')).toBe('34,812 packets');
});
