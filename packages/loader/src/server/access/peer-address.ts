/** Who a peer is, where limits are kept for each address. */
import { isIPv6 } from 'node:net';

const LOOPBACK = /^(127\.|::1$)/;
/** What one machine or household gets of IPv6: it can use any address in there. */
const IPV6_GROUPS = 4;

/** "192.0.2.1" of "::ffff:192.0.2.1", the /64 of an IPv6 address, "loopback" for all of this machine's own. */
export function peerOf(address = ''): string {
  const bare = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (LOOPBACK.test(bare)) return LOOPBACK_PEER;
  return isIPv6(bare) ? `${groupsOf(bare).slice(0, IPV6_GROUPS).join(':')}::/64` : bare;
}

/**
 * Tunnels and proxies on this machine bring many people, all from loopback: limits for each address would be limits
 * for all of them.
 */
export const LOOPBACK_PEER = 'loopback';

function groupsOf(address: string): string[] {
  const [head = '', tail] = address.toLowerCase().split('::');
  const first = head === '' ? [] : head.split(':');
  if (tail === undefined) return first;
  const last = tail === '' ? [] : tail.split(':');
  return [...first, ...new Array<string>(Math.max(0, 8 - first.length - last.length)).fill('0'), ...last];
}
