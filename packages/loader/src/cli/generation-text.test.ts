import type { NodeRules } from '@packetlog/common/fleet';
import { expect, it } from 'vitest';
import { generationText } from './generation-text.ts';

const generation = { group: 'web', number: 5, hash: 'sha256:' };
const DRIFT = ['rule deny 203.0.113.7 is missing', 'set fleet.bad is missing'];

it.each<[Omit<NodeRules, 'revision'>, string]>([
  [{}, 'no generation'],
  [{ generation, answer: { number: 5, state: 'in_force' } }, 'generation 5 of web in force'],
  [{ generation, drift: DRIFT }, 'generation 5 of web in force; drift: rule deny 203.0.113.7 is missing, and 1 more'],
  [
    { generation, answer: { number: 6, state: 'rejected', code: 'lockout', message: '' } },
    'generation 5 of web in force; generation 6 rejected (lockout)',
  ],
  [
    { answer: { number: 1, state: 'waiting', pending_until_ms: 1 } },
    'no generation; generation 1 waits for the hub to confirm it',
  ],
  [{ answer: { number: 1, state: 'waiting' } }, 'no generation; generation 1 waits'],
])('of %j says "%s"', (rules, text) => {
  expect(generationText({ revision: 1, ...rules })).toBe(text);
});
