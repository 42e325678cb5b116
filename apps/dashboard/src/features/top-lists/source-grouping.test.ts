import { expect, test } from 'vitest';
import { GROUPINGS, groupingProblem } from './source-grouping.ts';

const problems = (...state: [Parameters<typeof groupingProblem>[1], boolean | undefined]) =>
  GROUPINGS.map((grouping) => groupingProblem(grouping, ...state));

test('sources can be grouped where packets are recorded, by AS and country with files of --geoip', () => {
  expect(problems('on', true)).toEqual([null, null, null, null]);
  expect(problems('on', false)).toEqual([null, null, 'needs --geoip', 'needs --geoip']);
  expect(problems('on', undefined)).toEqual([null, null, null, null]);
});

test('elsewhere the choice says why not', () => {
  const none = 'needs --record on';
  expect(problems('off', true)).toEqual([null, none, none, none]);
  expect(problems('some', true)[1]).toBe('needs a recorder on every node');
});
