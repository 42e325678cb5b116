/** Digests of tokens: they are enough to check a token, and do not give it away. */
import { createHash, timingSafeEqual } from 'node:crypto';

export interface TokenDigests {
  /** Digest of the token that grants read-only access. */
  readonly readOnly: string;
  /** Digest of the token that also grants changing rules. */
  readonly admin: string;
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Returns the SHA-256 of a token, in hex. */
export function digestOf(token: string): string {
  return sha256(token).toString('hex');
}

/** Returns whether `digest` is that of `token`; takes the same time whatever they contain. */
export function hasDigest(token: string, digest: string): boolean {
  return timingSafeEqual(sha256(token), Buffer.from(digest, 'hex'));
}
