import { grantSchema } from '@packetlog/common/fleet';
import { describe, expect, it } from 'vitest';
import {
  isSignedBy,
  keyDigest,
  newPrivateKey,
  publicKeyOf,
  readPrivateKey,
  readStatement,
  signStatement,
  signText,
} from './signing.ts';

const hub = readPrivateKey(newPrivateKey());
const publicKey = publicKeyOf(hub);
const other = publicKeyOf(readPrivateKey(newPrivateKey()));
const grant = { node: 'web1', person: 'ann', may_change: false, expires_at_ms: 5, nonce: 'n'.repeat(43) };

describe('signed statements', () => {
  it('are read with the key of who signed them', () => {
    const signed = signStatement('grant', grant, hub);
    expect(readStatement('grant', signed, publicKey, grantSchema)).toEqual(grant);
  });

  it('are not read if anything differs', () => {
    const signed = signStatement('grant', grant, hub);
    const payload = Buffer.from(JSON.stringify({ ...grant, may_change: true })).toString('base64url');
    expect(readStatement('grant', signed, other, grantSchema)).toBeUndefined();
    expect(readStatement('generation', signed, publicKey, grantSchema)).toBeUndefined();
    expect(readStatement('grant', { ...signed, payload }, publicKey, grantSchema)).toBeUndefined();
    expect(readStatement('grant', signStatement('grant', { a: 1 }, hub), publicKey, grantSchema)).toBeUndefined();
  });

  it('accepts no nonsense as key or signature', () => {
    const signature = signText('node-proof', 'x', hub);
    expect(isSignedBy('node-proof', 'x', signature, publicKey)).toBe(true);
    for (const key of ['', 'x', publicKey.slice(1)]) expect(isSignedBy('node-proof', 'x', signature, key)).toBe(false);
    for (const text of ['', 'AAAA', signature.slice(2)])
      expect(isSignedBy('node-proof', 'x', text, publicKey)).toBe(false);
  });

  it('has keys of 32 bytes, as the protocol expects them', () => {
    expect(publicKey).toHaveLength(43);
    expect(keyDigest(publicKey)).toHaveLength(43);
    expect(() => readPrivateKey('no key')).toThrow();
  });
});
