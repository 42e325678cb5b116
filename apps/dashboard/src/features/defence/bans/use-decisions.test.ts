import { expect, it } from 'vitest';
import { makeDecision } from '../../../../test/support/decision.ts';
import { allDecisions } from './use-decisions.ts';
import { undoneText } from './use-undo-bans.ts';

it('joins asked and told decisions, newest first; the asked one knows that it was undone', () => {
  const undone = makeDecision({ id: 2, undone: { at_ms: 1, by: 'root' } });
  const told = [makeDecision({ id: 2 }), makeDecision({ id: 3 }), { id: 4, kind: 'ban' }, 'a decision'];
  const messages = told.map((message) => ({ node: '', message }));
  expect(allDecisions([undone, makeDecision({ id: 1 })], messages)).toEqual([
    makeDecision({ id: 3 }),
    undone,
    makeDecision({ id: 1 }),
  ]);
});

it.each([
  ['No ban was ended: none of them is in force.', { undone: [], permit_rules: [] }],
  ['1 ban was ended.', { undone: [1], permit_rules: [] }],
  ['2 bans were ended.', { undone: [1, 2], permit_rules: [] }],
  ['1 ban was ended. Rule 12 permits the source.', { undone: [1], permit_rules: [12] }],
  ['2 bans were ended. 2 rules permit the sources.', { undone: [1, 2], permit_rules: [12, 13] }],
])('reports: %s', (text, result) => {
  expect(undoneText(result)).toBe(text);
});
