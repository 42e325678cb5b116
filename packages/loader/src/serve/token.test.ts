import { describe, expect, it } from 'vitest';
import { newToken, sameToken } from './token.ts';

describe('newToken', () => {
  it('is 256 bits that need no escaping in a URL, new each time', () => {
    const tokens = Array.from({ length: 100 }, newToken);
    expect(new Set(tokens).size).toBe(100);
    for (const token of tokens) expect(token).toMatch(/^[\w-]{43}$/);
  });
});

describe('sameToken', () => {
  const token = newToken();
  it('knows the token', () => {
    expect(sameToken(token, token)).toBe(true);
    expect(sameToken(`${token}`.slice(), token)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['a beginning of it', token.slice(0, -1)],
    ['more than it', `${token}x`],
    ['other letters', token.toUpperCase() === token ? token.toLowerCase() : token.toUpperCase()],
    ['it with a space', ` ${token}`],
    ['another', newToken()],
    ['a very long text', 'x'.repeat(100_000)],
  ])('refuses %s, of whatever length', (_, given) => {
    expect(sameToken(given, token)).toBe(false);
  });
});
