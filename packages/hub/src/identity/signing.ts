/** Ed25519 keys (RFC 8032) of hub and nodes, and the statements that they sign. Keys and signatures are base64url. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { canonicalJson, type SignaturePurpose, type Signed, signedText } from '@packetlog/common/fleet';

/** Returns a new private key as PKCS #8 in PEM. */
export function newPrivateKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** Parses what newPrivateKey returned. Throws an Error if it is no Ed25519 key. */
export function readPrivateKey(pem: string): KeyObject {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('This is not an Ed25519 key.');
  return key;
}

/** Returns the public key: 32 bytes. */
export function publicKeyOf(privateKey: KeyObject): string {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (x === undefined) throw new Error('This is not an Ed25519 key.');
  return x;
}

/** Returns the SHA-256 of a public key, of its 32 bytes. */
export function keyDigest(publicKey: string): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'base64url')).digest('base64url');
}

export function signText(purpose: SignaturePurpose, payload: string, privateKey: KeyObject): string {
  return sign(null, Buffer.from(signedText(purpose, payload)), privateKey).toString('base64url');
}

/** Returns whether the owner of `publicKey` signed `payload` for this purpose; false for whatever is no key or signature. */
export function isSignedBy(purpose: SignaturePurpose, payload: string, signature: string, publicKey: string): boolean {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
    return verify(null, Buffer.from(signedText(purpose, payload)), key, Buffer.from(signature, 'base64url'));
  } catch {
    return false;
  }
}

export function signStatement(purpose: SignaturePurpose, value: object, privateKey: KeyObject): Signed {
  const payload = Buffer.from(canonicalJson(value)).toString('base64url');
  return { payload, signature: signText(purpose, payload, privateKey) };
}

/** Parses and checks statements of one kind. */
interface StatementSchema<T> {
  safeParse(value: unknown): { readonly success: true; readonly data: T } | { readonly success: false };
}

/** Returns the signed value; undefined if the signature or the value is not valid. */
export function readStatement<T>(
  purpose: SignaturePurpose,
  { payload, signature }: Signed,
  publicKey: string,
  schema: StatementSchema<T>,
): T | undefined {
  if (!isSignedBy(purpose, payload, signature, publicKey)) return undefined;
  try {
    const parsed = schema.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
