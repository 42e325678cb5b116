import { expect, test } from 'vitest';
import { makeRule, makeRules } from '../../../test/support/samples.ts';
import { RulesState } from '../../node/state/rules-state.ts';
import { rangeRules } from './range-rules.ts';

const top = (rule_id: number, packets: number) => ({ rule_id, packets, bytes: packets * 60, series: [packets] });

test('lists the rules that denied in the range, with their reasons, without permit rules', () => {
  const state = new RulesState();
  const rules = [makeRule({ id: 1 }), makeRule({ id: 2, action: 'permit' }), makeRule({ id: 3, reason: '' })];
  state.replace(makeRules({ rules }));
  const listed = rangeRules([top(2, 90), top(1, 50), top(3, 7), top(9, 2), top(8, 0)], state, 5);
  expect(listed.map(({ id, packets }) => [id, packets])).toEqual([
    [1, 50],
    [3, 7],
    [9, 2],
  ]);
  expect(listed[0]).toMatchObject({ label: 'brute force', action: 'deny', series: [50] });
  expect(listed[0]?.title).toContain('reason: brute force');
  expect(listed[2]).toMatchObject({ label: 'removed rule', action: null });
  expect(rangeRules([top(1, 1), top(3, 1)], state, 1)).toHaveLength(1);
});

test('lists an observe rule with its action, because it would deny and does not', () => {
  const state = new RulesState();
  state.replace(makeRules({ rules: [makeRule({ id: 1, action: 'observe' })] }));
  expect(rangeRules([top(1, 5)], state, 5)[0]?.action).toBe('observe');
});

test('lists a limit that observes as such', () => {
  const state = new RulesState();
  const limit = { action: 'limit', rate: '20/min' } as const;
  state.replace(makeRules({ rules: [makeRule({ id: 1, ...limit }), makeRule({ id: 2, ...limit, enforce: true })] }));
  expect(rangeRules([top(1, 5), top(2, 4)], state, 5).map(({ action }) => action)).toEqual(['observe', 'limit']);
});

test('lists a ban by its decision', () => {
  const [ban] = rangeRules([top(4_000_000_012, 5)], new RulesState(), 5);
  expect(ban).toMatchObject({ name: 'ban 12', action: 'deny', label: '' });
});
