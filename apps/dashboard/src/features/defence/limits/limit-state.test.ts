import { expect, it } from 'vitest';
import { limitState, limitsText } from './limit-state.ts';

const pending = (why: string) => ({ until_ms: 0, revision_before: 1, why });

it.each([
  ['observing', { id: 3 }, undefined],
  ['observing', { id: 3, enforce: false }, pending('Rule 3 now denies what is over its limit')],
  ['enforcing', { id: 3, enforce: true }, undefined],
  ['confirming', { id: 3, enforce: true }, pending('Rule 3 now denies what is over its limit')],
  ['enforcing', { id: 3, enforce: true }, pending('Rule 31 now denies what is over its limit')],
  ['enforcing', { id: 3, enforce: true }, pending('the default policy now denies all packets')],
] as const)('is %s: %o, %o', (state, rule, change) => {
  expect(limitState(rule, change)).toBe(state);
});

it.each([
  ['', []],
  ['2 observing', [{}, {}]],
  ['1 enforcing, 1 observing', [{}, { enforce: true }]],
])('counts limits: %s', (text, limits) => {
  expect(limitsText(limits)).toBe(text);
});
