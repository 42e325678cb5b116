/** Identifies peers where limits apply per address. */
import { isIPv6 } from 'node:net';

const LOOPBACK = /^(127\.|::1$)/;
/** One machine or household usually gets a /64 of IPv6 and can use any address in it. */
const IPV6_GROUPS = 4;

/**
 * Returns "192.0.2.1" for "::ffff:192.0.2.1", the /64 of an IPv6 address, and "loopback" for all loopback addresses.
 */
export function peerOf(address = ''): string {
  const bare = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (LOOPBACK.test(bare)) return LOOPBACK_PEER;
  return isIPv6(bare) ? `${groupsOf(bare).slice(0, IPV6_GROUPS).join(':')}::/64` : bare;
}

/**
 * Tunnels and proxies on this machine bring many users from loopback: a limit per address would be one limit for all of
 * them.
 */
export const LOOPBACK_PEER = 'loopback';

function groupsOf(address: string): string[] {
  const [head = '', tail] = address.toLowerCase().split('::');
  const first = head === '' ? [] : head.split(':');
  if (tail === undefined) return first;
  const last = tail === '' ? [] : tail.split(':');
  return [...first, ...new Array<string>(Math.max(0, 8 - first.length - last.length)).fill('0'), ...last];
}
