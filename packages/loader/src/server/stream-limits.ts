/** Limits the number of different row streams: each checks every packet. */
import { LOOPBACK_PEER } from './access/peer-address.ts';
import type { Client } from './client.ts';
import { type Subscription, streamKey } from './streams/row-streams.ts';

/** All clients together; the last streams are reserved for clients that may change rules. */
const MAX_STREAMS = 64;
const FOR_ADMINS = 16;
/** Clients of one address. Does not apply to loopback, from where proxies and tunnels connect. */
const MAX_PER_PEER = 16;

type Subscriber = Pick<Client, 'requested' | 'isAdmin' | 'peer'>;

/**
 * Returns a sentence that says why `client` cannot follow one more stream, or undefined if it can. `clients`: all
 * connected clients.
 */
export function streamRejection(
  client: Subscriber,
  subscription: Subscription,
  clients: Iterable<Subscriber>,
): string | undefined {
  if (subscription.rowsPerSecond === 0) return undefined;
  const all = new Set<string>();
  const own = new Set<string>();
  for (const other of clients) {
    if (other === client || other.requested === undefined || other.requested.rowsPerSecond === 0) continue;
    const key = streamKey(other.requested);
    all.add(key);
    if (other.peer === client.peer) own.add(key);
  }
  const key = streamKey(subscription);
  if (all.has(key)) return undefined;
  const max = client.isAdmin ? MAX_STREAMS : MAX_STREAMS - FOR_ADMINS;
  if (all.size >= max) return sentence(`${max} different filters or limits are in use by all clients`);
  if (!client.isAdmin && client.peer !== LOOPBACK_PEER && own.size >= MAX_PER_PEER) {
    return sentence(`${MAX_PER_PEER} different filters or limits are in use from this address`);
  }
  return undefined;
}

function sentence(problem: string): string {
  return `${problem}: use one of those, or clear the filter elsewhere first.`;
}
