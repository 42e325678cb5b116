import { expect, it } from 'vitest';
import { endText } from './helper-launcher.ts';

it.each([
  [0, 'ended with exit code 0'],
  [75, 'ended with exit code 75'],
  [137, 'was ended by SIGKILL'],
  [143, 'was ended by SIGTERM'],
  [Number.NaN, 'has ended'],
])('code %d of a shell means that the server process %s', (code, text) => {
  expect(endText(code)).toBe(text);
});
