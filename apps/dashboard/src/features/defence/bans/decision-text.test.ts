import { expect, it } from 'vitest';
import { makeDecision } from '../../../../test/support/decision.ts';
import { decisionSentence } from './decision-text.ts';

it('explains a decision as a sentence', () => {
  expect(decisionSentence(makeDecision())).toBe(
    'Banned for 1 h: 61 connections to tcp port 22 in 60 s, limit 20/min; all verified.',
  );
});
