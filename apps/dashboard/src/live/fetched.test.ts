import { expect, test } from 'vitest';
import { fetched } from './fetched.ts';

test('what cannot be fetched is asked for again until it comes', async () => {
  let asked = 0;
  const part = await fetched(async () => {
    asked++;
    if (asked < 4) throw new Error('Failed to load chunk');
    return 'the part';
  }, 0);
  expect([part, asked]).toEqual(['the part', 4]);
});
