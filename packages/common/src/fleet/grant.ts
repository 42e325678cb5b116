/**
 * A grant: the hub's signed statement that a person may use one node through it. It is the token of that connection. The
 * node's server admits with it, and the node's core checks it again before each change: neither trusts the connection.
 */
import * as z from 'zod/mini';
import { nodeNameSchema, personNameSchema } from './fleet-names.ts';
import { nonceSchema, type Signed, signedSchema } from './signed.ts';

const MAX_GRANT_BYTES = 512;
const PREFIX = 'plg1.';

export const grantSchema = z.strictObject({
  node: nodeNameSchema,
  person: personNameSchema,
  /** Whether the person may change rules and bans of this node. */
  may_change: z.boolean(),
  /** By the hub's clock. */
  expires_at_ms: z.number(),
  nonce: nonceSchema,
});
export type Grant = z.infer<typeof grantSchema>;

const signed = signedSchema(MAX_GRANT_BYTES);

/** Returns a grant as the text of a token. */
export function formatGrant({ payload, signature }: Signed): string {
  return `${PREFIX}${payload}.${signature}`;
}

/** Returns undefined if the text is no grant. The signature is not verified. */
export function parseGrant(text: string): Signed | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  const [payload, signature, ...rest] = text.slice(PREFIX.length).split('.');
  return rest.length === 0 ? signed.safeParse({ payload, signature }).data : undefined;
}
