import { expect, it } from 'vitest';
import { wantsColour } from './terminal.ts';

it.each([
  ['a terminal', true, { TERM: 'xterm-256color' }, true],
  ['a terminal of unknown kind', true, {}, true],
  ['a pipe', false, { TERM: 'xterm-256color' }, false],
  ['a terminal without escapes', true, { TERM: 'dumb' }, false],
  ['NO_COLOR', true, { TERM: 'xterm', NO_COLOR: '1' }, false],
  ['NO_COLOR=0, which is something', true, { TERM: 'xterm', NO_COLOR: '0' }, false],
  ['an empty NO_COLOR', true, { TERM: 'xterm', NO_COLOR: '' }, true],
])('%s', (_, isTerminal, environment, colours) => {
  expect(wantsColour(isTerminal, environment)).toBe(colours);
});
