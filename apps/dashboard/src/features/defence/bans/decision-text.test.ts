import { expect, it } from 'vitest';
import { makeDecision } from '../../../../test/support/decision.ts';
import { decisionSentence, ordinal } from './decision-text.ts';

it('explains a ban with what was counted', () => {
  expect(decisionSentence(makeDecision())).toBe(
    'Banned for 1 h: 61 connections to tcp port 22 in 60 s, limit 20/min; all verified.',
  );
  expect(decisionSentence(makeDecision({ strike: 2, duration_ms: 14_400_000, connections: 58 }))).toBe(
    'Banned for 4 h (2nd time): 61 connections to tcp port 22 in 60 s, limit 20/min; 58 verified.',
  );
});

it('names what would be banned, and why it is not', () => {
  expect(decisionSentence(makeDecision({ kind: 'would_ban' }))).toBe(
    'Would be banned for 1 h: 61 connections to tcp port 22 in 60 s, limit 20/min; all verified. The limit observes.',
  );
});

it.each([
  ['has a connection to tcp port 443, 5 min old', 'Not banned: has a connection to tcp port 443, 5 min old.'],
  [undefined, 'Not banned: other connections.'],
])('gives the objection of the first guard that has one: %s', (note, text) => {
  const guards = [
    { guard: 'permit_rule', passed: true },
    { guard: 'other_connections', passed: false, ...(note !== undefined && { note }) },
    { guard: 'ban_limit', passed: false, note: 'too many' },
  ] as const;
  const sentence = decisionSentence(makeDecision({ kind: 'not_banned', guards: [...guards] }));
  expect(sentence.startsWith(`${text} Over the limit: 61 connections`)).toBe(true);
});

it.each([
  [1, '1st'],
  [2, '2nd'],
  [3, '3rd'],
  [4, '4th'],
  [11, '11th'],
  [12, '12th'],
  [13, '13th'],
  [21, '21st'],
  [111, '111th'],
])('writes %i as %s', (count, text) => {
  expect(ordinal(count)).toBe(text);
});
