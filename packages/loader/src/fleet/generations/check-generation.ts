/** The hash of the rules in a signed generation. */
import { createHash } from 'node:crypto';
import { canonicalJson, type Signed } from '@packetlog/common/fleet';

/** Returns `sha256:` and the hash of the rules as they were signed; undefined if there are none. */
export function hashOfRules({ payload }: Signed): string | undefined {
  const { rules } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { readonly rules?: unknown };
  if (rules === undefined) return undefined;
  return `sha256:${createHash('sha256').update(canonicalJson(rules)).digest('hex')}`;
}
