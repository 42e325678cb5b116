import { expect, test } from 'vitest';
import { HISTORY_LENGTH, RuleHistory } from './rule-history.ts';

test('keeps what each interval brought, and 0 where nothing came', () => {
  const history = new RuleHistory();
  history.add(3, 10);
  history.add(3, 5);
  history.add(6, 2);
  expect(history.until(7).slice(-5)).toEqual([15, 0, 0, 2, 0]);
  expect(history.at(7)).toBe(0);
});

test('forgets what is older than the sparkline, also after a long silence', () => {
  const history = new RuleHistory();
  for (let interval = 0; interval < HISTORY_LENGTH; interval++) history.add(interval, 1);
  expect(history.until(HISTORY_LENGTH - 1)).toEqual(new Array(HISTORY_LENGTH).fill(1));
  expect(history.until(10 * HISTORY_LENGTH)).toEqual(new Array(HISTORY_LENGTH).fill(0));
});

test('what is being counted is not yet shown', () => {
  const history = new RuleHistory();
  history.add(HISTORY_LENGTH, 9);
  expect(history.until(HISTORY_LENGTH - 1)).toEqual(new Array(HISTORY_LENGTH).fill(0));
  expect(history.until(HISTORY_LENGTH).at(-1)).toBe(9);
});
