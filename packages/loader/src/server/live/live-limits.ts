/** Limits the number of filters with live sums: each checks every packet, and takes memory. */

import { LOOPBACK_PEER } from '../access/peer-address.ts';
import type { LiveClient } from './live-sums.ts';

/** Of all clients together; the last ones are reserved for clients that may change rules. */
const MAX_FILTERS = 8;
const FOR_ADMINS = 2;
/** Of the clients of one address. Does not apply to loopback, from where proxies and tunnels connect. */
const MAX_PER_PEER = 3;

/**
 * Returns a sentence that says why `client` cannot have the sums of one more filter, or undefined if it can. `clients`:
 * all connected clients. A client has one filter at a time, so its present one does not count.
 */
export function liveRejection(client: LiveClient, key: string, clients: Iterable<LiveClient>): string | undefined {
  const all = new Set<string>();
  const own = new Set<string>();
  for (const other of clients) {
    if (other === client || other.summed === undefined) continue;
    all.add(other.summed.key);
    if (other.peer === client.peer) own.add(other.summed.key);
  }
  if (all.has(key)) return undefined;
  const max = client.isAdmin ? MAX_FILTERS : MAX_FILTERS - FOR_ADMINS;
  if (all.size >= max) return sentence(`limit of ${max} filters with live sums is reached`);
  if (!client.isAdmin && client.peer !== LOOPBACK_PEER && own.size >= MAX_PER_PEER) {
    return sentence(`limit of ${MAX_PER_PEER} filters with live sums for this address is reached`);
  }
  return undefined;
}

function sentence(problem: string): string {
  return `The ${problem}: use one of those, or clear the filter on another page first.`;
}
