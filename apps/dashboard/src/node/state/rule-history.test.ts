import { expect, test } from 'vitest';
import { HISTORY_LENGTH, RuleHistory } from './rule-history.ts';

test('keeps the packets of each interval, 0 for missing ones', () => {
  const history = new RuleHistory();
  history.add(3, 10);
  history.add(3, 5);
  history.add(6, 2);
  expect(history.until(7).slice(-5)).toEqual([15, 0, 0, 2, 0]);
  expect(history.at(7)).toBe(0);
});

test('drops intervals older than the sparkline, also after a long gap', () => {
  const history = new RuleHistory();
  for (let interval = 0; interval < HISTORY_LENGTH; interval++) history.add(interval, 1);
  expect(history.until(HISTORY_LENGTH - 1)).toEqual(new Array(HISTORY_LENGTH).fill(1));
  expect(history.until(10 * HISTORY_LENGTH)).toEqual(new Array(HISTORY_LENGTH).fill(0));
});

test('the current interval is not shown', () => {
  const history = new RuleHistory();
  history.add(HISTORY_LENGTH, 9);
  expect(history.until(HISTORY_LENGTH - 1)).toEqual(new Array(HISTORY_LENGTH).fill(0));
  expect(history.until(HISTORY_LENGTH).at(-1)).toBe(9);
});
