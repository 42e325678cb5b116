export { keyDigest, newPrivateKey, publicKeyOf } from './identity/signing.ts';
