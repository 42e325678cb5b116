import { expect, it } from 'vitest';
import { makeDecision } from '../../../../test/support/decision.ts';
import { decisionSentence } from './decision-text.ts';

it('explains a decision as a sentence', () => {
  expect(decisionSentence(makeDecision())).toMatch(/^Banned for 1 h: 61 connections to tcp port 22 in .+\.$/);
});
