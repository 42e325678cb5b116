import { expect, it } from 'vitest';
import { activeBans } from './active-bans.ts';

it.each([
  [0, []],
  [3, [{ active: 3 }]],
  [5, [{ active: 3 }, { active: 2 }]],
  [2, [{ active: '3' }, null, undefined, 'bans', { active: 0.5 }, { active: 2 }]],
])('sums up the bans of all nodes: %i of %o', (sum, messages) => {
  expect(activeBans(messages.map((message) => ({ node: '', message })))).toBe(sum);
});
