import { handshakeSchema } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { newToken, tokenOf, tokensOf } from './tokens.ts';

describe('newToken', () => {
  it('returns 256 new bits that need no escaping in a URL', () => {
    const tokens = Array.from({ length: 100 }, newToken);
    expect(new Set(tokens).size).toBe(100);
    for (const token of tokens) expect(token).toMatch(/^[\w-]{43}$/);
  });
});

describe('a token that was given', () => {
  it.each(['a'.repeat(16), 'a'.repeat(256), 'A-token_of.the~test'])('is used if a client can send it: %s', (token) => {
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
  ])('is rejected at start if a client cannot send it: %j', (token) => {
    expect(() => tokenOf('PACKETLOG_TOKEN', token)).toThrow(
      'PACKETLOG_TOKEN: it must be 16 to 256 letters, digits and . _ ~ -',
    );
  });

  it('is new if none was given', () => {
    expect(tokenOf('PACKETLOG_TOKEN', undefined)).toHaveLength(43);
  });
});

describe('the two tokens', () => {
  const token = newToken();
  const other = newToken();

  it('are used as given', () => {
    expect(tokensOf({ readOnly: token, admin: other })).toEqual({ readOnly: token, admin: other });
  });

  it('are rejected at start if they are equal', () => {
    expect(() => tokensOf({ readOnly: token, admin: token })).toThrow(
      'PACKETLOG_ADMIN_TOKEN: it is the same as PACKETLOG_TOKEN',
    );
  });
});
