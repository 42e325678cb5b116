import { describe, expect, it } from 'vitest';
import { digestOf, hasDigest } from './token-digest.ts';

describe('hasDigest', () => {
  const token = 'a-token-of-27-characters-xY';
  it('accepts the token', () => {
    expect(hasDigest(token, digestOf(token))).toBe(true);
    expect(hasDigest(`${token}`.slice(), digestOf(token))).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['a beginning of it', token.slice(0, -1)],
    ['more than it', `${token}x`],
    ['other letters', token.toUpperCase() === token ? token.toLowerCase() : token.toUpperCase()],
    ['it with a space', ` ${token}`],
    ['another', 'another-token-of-this-test'],
    ['a very long text', 'x'.repeat(100_000)],
  ])('rejects %s, of any length', (_, given) => {
    expect(hasDigest(given, digestOf(token))).toBe(false);
  });
});

it('digestOf does not contain the token', () => {
  expect(digestOf('a-token-of-this-test')).toMatch(/^[0-9a-f]{64}$/);
});
