import { expect, it } from 'vitest';
import { simplified } from './filter-key.ts';
import { filterTests } from './lists.ts';
import { parseFilter } from './parse.ts';

it.each([
  ['', 1],
  ['udp', 1],
  ['not (udp and port 53)', 2],
  ['udp and udp', 1],
  ['port 1 and not port 2 and (tcp or length > 5)', 4],
  [Array.from({ length: 200 }, (_, i) => `port ${3 * i}`).join(' or '), 1],
  [Array.from({ length: 100 }, (_, i) => `(udp or length ${i})`).join(' and '), 200],
])('%j: %i tests', (text, tests) => {
  expect(filterTests(simplified(parseFilter(text)))).toBe(tests);
});
