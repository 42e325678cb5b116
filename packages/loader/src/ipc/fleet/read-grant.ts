/** Verifies grants. The server admits with one, and the core verifies it again before each change. */
import { GRANT_MS, grantSchema, parseGrant } from '@packetlog/common/fleet';
import { readStatement } from '@packetlog/hub/signing';
import type { GrantedPerson, KnownHub } from './fleet-access.ts';

/** How far the clocks of hub and node may differ. */
const CLOCKS_MS = 5 * 60 * 1000;

/** Returns whom `token` lets use this node; undefined if it is no grant of one of `hubs` that is valid at `nowMs`. */
export function readGrant(token: string, hubs: readonly KnownHub[], nowMs: number): GrantedPerson | undefined {
  const signed = parseGrant(token);
  if (signed === undefined) return undefined;
  for (const { key, node } of hubs) {
    const grant = readStatement('grant', signed, key, grantSchema);
    if (grant === undefined || grant.node !== node) continue;
    const leftMs = grant.expires_at_ms - nowMs;
    if (leftMs < -CLOCKS_MS || leftMs > GRANT_MS + CLOCKS_MS) continue;
    return { person: grant.person, mayChange: grant.may_change };
  }
  return undefined;
}
