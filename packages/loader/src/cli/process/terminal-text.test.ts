import { expect, it } from 'vitest';
import { printableLines, terminalJson } from './terminal-text.ts';

const HOSTILE = 'a\u001b[31mb\u009b2Jc\u007fd\u202ee\u061cf\u2028g';

it('escapes what a terminal interprets, and keeps lines', () => {
  expect(printableLines(`${HOSTILE}\nsecond\r`)).toBe(
    ['a\\x1b[31mb\\x9b2Jc\\x7fd\\u202ee\\u061cf\\u2028g', 'second\\x0d'].join('\n'),
  );
});

it('JSON has no character that a terminal interprets, and the same value', () => {
  const text = terminalJson({ [HOSTILE]: [`${HOSTILE}\n`] });
  expect(text).toMatch(/^[ -~]*$/);
  expect(JSON.parse(text)).toEqual({ [HOSTILE]: [`${HOSTILE}\n`] });
});
