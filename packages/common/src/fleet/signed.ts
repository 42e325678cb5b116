/**
 * Signed statements of a hub and its nodes: JSON in base64url, and an Ed25519 signature (RFC 8032) over the purpose, a
 * line feed and that text. The purpose prevents that one statement is taken for another. Signing and verifying need a
 * cryptographic library, and are not here.
 */
import * as z from 'zod/mini';

export const SIGNATURE_PURPOSES = ['node-proof', 'hub-proof', 'generation', 'grant'] as const;
export type SignaturePurpose = (typeof SIGNATURE_PURPOSES)[number];

const base64url = z.string().check(z.regex(/^[A-Za-z0-9_-]+$/, { error: 'Write base64url.' }));

/** An Ed25519 public key: 32 bytes in base64url, as in `x` of a JWK (RFC 8037). */
export const publicKeySchema = base64url.check(z.length(43));
/** An Ed25519 signature: 64 bytes in base64url. */
export const signatureSchema = base64url.check(z.length(86));
/** 32 random bytes in base64url. */
export const nonceSchema = base64url.check(z.length(43));

export function signedSchema(maxBytes: number) {
  return z.strictObject({
    /** JSON, in base64url. */
    payload: base64url.check(z.maxLength(Math.ceil((maxBytes * 4) / 3))),
    signature: signatureSchema,
  });
}
export interface Signed {
  readonly payload: string;
  readonly signature: string;
}

/** Returns the text whose bytes are signed; all of them are ASCII if `payload` is. */
export function signedText(purpose: SignaturePurpose, payload: string): string {
  return `packetlog ${purpose} 1\n${payload}`;
}
