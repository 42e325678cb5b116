import { describe, expect, it } from 'vitest';
import {
  canonicalJson,
  formatGrant,
  formatJoinToken,
  nodeNameSchema,
  parseGrant,
  parseJoinToken,
  signedText,
} from './index.ts';

const key = 'A'.repeat(43);

describe('texts of a fleet', () => {
  it('reads back join tokens, and nothing else', () => {
    const token = { id: 'abcd2345', secret: 'b'.repeat(43), hubKeyDigest: key };
    expect(parseJoinToken(` ${formatJoinToken(token)}\n`)).toEqual(token);
    for (const text of ['', 'plj1', formatJoinToken({ ...token, secret: 'short' }), `${formatJoinToken(token)}x`]) {
      expect(parseJoinToken(text)).toBeUndefined();
    }
  });

  it('reads back grants, and nothing else', () => {
    const grant = { payload: 'eyJhIjoxfQ', signature: 's'.repeat(86) };
    expect(parseGrant(formatGrant(grant))).toEqual(grant);
    for (const text of [
      '',
      'plg1.',
      'plg1.a.b',
      `${formatGrant(grant)}.more`,
      formatGrant({ ...grant, payload: '{}' }),
    ]) {
      expect(parseGrant(text)).toBeUndefined();
    }
  });

  it('accepts names that are safe in URLs, file names and keys', () => {
    for (const name of ['web1', 'a', 'web-1.example.com', 'x_1'])
      expect(nodeNameSchema.safeParse(name).success).toBe(true);
    for (const name of ['', 'Web1', '-a', 'a-', '..', 'a/b', 'a b', 'a'.repeat(64), 'ü']) {
      expect(nodeNameSchema.safeParse(name).success).toBe(false);
    }
  });

  it('gives equal values equal texts', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1}]}');
  });

  it('signs each purpose as another text', () => {
    expect(signedText('grant', 'abc')).toBe('packetlog grant 1\nabc');
    expect(signedText('generation', 'abc')).not.toBe(signedText('grant', 'abc'));
  });
});
