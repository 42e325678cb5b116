/** Checks of what is stored, equal for every store. */
import { createHash } from 'node:crypto';
import { MAX_BLOB_BYTES, MAX_VALUE_BYTES } from './hub-state.ts';

const SEGMENT = '[A-Za-z0-9][A-Za-z0-9._-]{0,127}';
const KEY = new RegExp(`^${SEGMENT}(?:/${SEGMENT}){0,3}$`);
const PREFIX = new RegExp(`^(?:${SEGMENT}/){0,3}$`);
const DIGEST = /^[0-9a-f]{64}$/;

/** Accepts 1 to 4 names, joined by slashes. Throws TypeError. */
export function checkKey(key: string): void {
  if (!KEY.test(key)) throw new TypeError(`Not a key of the hub's state: ${JSON.stringify(key)}.`);
}

/** Throws TypeError. */
export function checkPrefix(prefix: string): void {
  if (!PREFIX.test(prefix)) {
    throw new TypeError(`Not a prefix of keys: ${JSON.stringify(prefix)}. Write '' or end it with a slash.`);
  }
}

/** Throws RangeError. */
export function checkValue(key: string, value: string): void {
  const bytes = Buffer.byteLength(value);
  if (bytes > MAX_VALUE_BYTES) throw new RangeError(`${key} has ${bytes} bytes, more than ${MAX_VALUE_BYTES}.`);
}

/** Returns the name of a blob. Throws RangeError if it is too large. */
export function digestOf(bytes: Uint8Array): string {
  if (bytes.length > MAX_BLOB_BYTES) {
    throw new RangeError(`A blob of ${bytes.length} bytes has more than ${MAX_BLOB_BYTES}.`);
  }
  return createHash('sha256').update(bytes).digest('hex');
}

/** Returns whether `digest` can be the name of a blob. */
export function isDigest(digest: string): boolean {
  return DIGEST.test(digest);
}
