import { handshakeSchema } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { newToken, sameToken, tokenOf, tokensOf } from './token.ts';

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
  ])('rejects %s, of whatever length', (_, given) => {
    expect(sameToken(given, token)).toBe(false);
  });
});

describe('a token that was given', () => {
  it.each(['a'.repeat(16), 'a'.repeat(256), 'A-token_of.the~test'])('is used if a client can show it: %s', (token) => {
    expect(tokenOf('PACKETLOG_TOKEN', token)).toBe(token);
    expect(handshakeSchema.safeParse({ token }).success).toBe(true);
  });

  it.each([
    '',
    'a'.repeat(15),
    'a'.repeat(257),
    'a-token-with a blank',
    'a-token-with-ä-umlaut',
    'a-token-and-a-line\n',
  ])('is an error at the start if it is none: %j', (token) => {
    expect(() => tokenOf('PACKETLOG_TOKEN', token)).toThrow(
      'PACKETLOG_TOKEN: it must be 16 to 256 letters, digits and . _ ~ -',
    );
  });

  it('is a new one where there is none', () => {
    expect(tokenOf('PACKETLOG_TOKEN', undefined)).toHaveLength(43);
  });
});

describe('the two tokens', () => {
  const token = newToken();
  const other = newToken();

  it('are those that were given', () => {
    expect(tokensOf({ readOnly: token, admin: other })).toEqual({ readOnly: token, admin: other });
  });

  it('are an error at the start if they are the same', () => {
    expect(() => tokensOf({ readOnly: token, admin: token })).toThrow(
      'PACKETLOG_ADMIN_TOKEN: it is the same as PACKETLOG_TOKEN',
    );
  });
});
