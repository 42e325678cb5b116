import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { forgetTokens, storedTokens, storeTokens } from './token-file.ts';

const TOKENS = { readOnly: 'a'.repeat(43), admin: 'b'.repeat(43) };
let directory = '';
let file = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-tokens-'));
  file = join(directory, 'tokens.json');
});
afterEach(() => rmSync(directory, { recursive: true }));

it('tokens survive until they are removed', () => {
  expect(storedTokens(directory)).toBeUndefined();
  storeTokens(directory, TOKENS);
  expect(storedTokens(directory)).toEqual(TOKENS);
  forgetTokens(directory);
  expect(storedTokens(directory)).toBeUndefined();
  forgetTokens(directory);
});

it('only the owner can read them', () => {
  storeTokens(directory, TOKENS);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it.each(['', '{}', '{"token":"short","admin_token":"short"}', `{"token":"${'a'.repeat(43)}"}`, '{"token":'])(
  'the content %j is rejected, and the error names the next action',
  (text) => {
    writeFileSync(file, text);
    expect(() => storedTokens(directory)).toThrow(/it has no valid tokens.*packetlog token rotate/s);
    expect(readFileSync(file, 'utf8')).toBe(text);
  },
);

it('a directory that does not exist has no tokens and takes none', () => {
  const absent = join(directory, 'absent');
  storeTokens(absent, TOKENS);
  expect(storedTokens(absent)).toBeUndefined();
});
