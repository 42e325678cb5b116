import { expect, test } from 'vitest';
import { readPastedAccess } from './pasted-access.ts';

const HERE = 'http://localhost:7412';
const TOKEN = 'a-token-of-the-test-0123456789';
const ADMIN = 'a-token-to-change-rules-0123456789';

test.each([
  [TOKEN],
  [` ${TOKEN}\n`],
  [`token=${TOKEN}`],
  [`#token=${TOKEN}`],
  [`${HERE}/#token=${TOKEN}`],
  [`Dashboard: ${HERE}/rules#token=${TOKEN}`],
  [`${HERE}/#token=${TOKEN}&loader=http://elsewhere.example`],
])('%j opens this page with the token only', (text) => {
  expect(readPastedAccess(text, HERE)).toEqual({ kind: 'hash', hash: `#token=${TOKEN}` });
});

test('a token may contain every character that the loader accepts', () => {
  const token = 'a.token~of_the-test';
  expect(readPastedAccess(token, HERE)).toEqual({ kind: 'hash', hash: `#token=${token}` });
});

test('a URL with an admin token keeps both tokens', () => {
  const text = `Admin URL (can change rules): ${HERE}/#token=${TOKEN}&admin_token=${ADMIN}`;
  expect(readPastedAccess(text, HERE)).toEqual({ kind: 'hash', hash: `#token=${TOKEN}&admin_token=${ADMIN}` });
});

test('the URL of another loader opens that loader', () => {
  expect(readPastedAccess(`http://web-2:7411/#token=${TOKEN}`, HERE)).toEqual({
    kind: 'page',
    url: `http://web-2:7411/#token=${TOKEN}`,
  });
});

test.each([
  ['', /neither the URL/],
  ['hello', /neither the URL/],
  [`javascript:alert(1)//${'x'.repeat(20)}`, /neither the URL/],
  [HERE, /no token in it/],
  [`${HERE}/#admin_token=${ADMIN}`, /no token in it/],
])('%j is rejected with the next step', (text, sentence) => {
  expect(readPastedAccess(text, HERE)).toEqual({ kind: 'problem', sentence: expect.stringMatching(sentence) });
});
