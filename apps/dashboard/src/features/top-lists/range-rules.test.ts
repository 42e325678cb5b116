import { expect, test } from 'vitest';
import { makeRule, makeRules } from '../../../test/support/samples.ts';
import { RulesState } from '../../node/state/rules-state.ts';
import { rangeRules } from './range-rules.ts';

const top = (rule_id: number, packets: number) => ({ rule_id, packets, bytes: packets * 60, series: [packets] });

test('rules that denied in the range, with their reasons, without permit rules', () => {
  const book = new RulesState();
  const rules = [makeRule({ id: 1 }), makeRule({ id: 2, action: 'permit' }), makeRule({ id: 3, reason: '' })];
  book.replace(makeRules({ rules }));
  const listed = rangeRules([top(2, 90), top(1, 50), top(3, 7), top(9, 2), top(8, 0)], book, 5);
  expect(listed.map(({ id, packets }) => [id, packets])).toEqual([
    [1, 50],
    [3, 7],
    [9, 2],
  ]);
  expect(listed[0]).toMatchObject({ label: 'brute force', action: 'deny', series: [50] });
  expect(listed[0]?.title).toContain('because: brute force');
  expect(listed[2]?.label).toBe('removed since');
  expect(rangeRules([top(1, 1), top(3, 1)], book, 1)).toHaveLength(1);
});

test('packets marked by an observe rule are listed as would deny', () => {
  const book = new RulesState();
  book.replace(makeRules({ rules: [makeRule({ id: 1, action: 'observe' })] }));
  expect(rangeRules([top(1, 5)], book, 5)[0]?.action).toBe('observe');
});
