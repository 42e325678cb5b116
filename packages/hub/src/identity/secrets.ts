/** Tokens of people and nodes: the hub stores only their digests. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Returns 32 random bytes in base64url. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Returns the SHA-256 of a secret, in hex. */
export function secretDigest(secret: string): string {
  return sha256(secret).toString('hex');
}

/** Takes the same time whatever both contain. */
export function hasSecretDigest(secret: string, digest: string): boolean {
  const expected = Buffer.from(digest, 'hex');
  return expected.length === 32 && timingSafeEqual(sha256(secret), expected);
}
