import { HAS_PORTS, REPLY } from './conversation-key.ts';
import type { Conversations } from './conversations.ts';
import { isProbe, type Probe } from './scans.ts';

/** Returns the probe that each conversation is, by its index; null for those that cannot be part of a scan. */
export function probesOf(conversations: Conversations): (Probe | null)[] {
  return Array.from({ length: conversations.size }, (_, index) => probeAt(conversations, index));
}

function probeAt(conversations: Conversations, index: number): Probe | null {
  const port = conversations.service[index] as number;
  // A server answers many clients.
  if (port >= REPLY) return null;
  const ipProtocol = conversations.newest.ipProtocol(index);
  const traffic = {
    ipProtocol,
    hasPorts: HAS_PORTS[ipProtocol] === 1,
    port,
    flags: conversations.flags[index] as number,
    rows: conversations.rows[index] as number,
  };
  if (!isProbe(traffic)) return null;
  return {
    source: conversations.addressKey(index, 'src'),
    destination: conversations.addressKey(index, 'dst'),
    ipProtocol,
    port,
  };
}
