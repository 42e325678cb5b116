/** The ports from which the kernel chooses for connections that this machine opens (ephemeral ports). */
import { readFileSync } from 'node:fs';
import type { PortRange } from '@packetlog/common';

const FILE = '/proc/sys/net/ipv4/ip_local_port_range';
/** Default of the kernel: inet_init_net of net/ipv4/af_inet.c. */
const DEFAULT: PortRange = { from: 32_768, to: 60_999 };

/** Returns the range of the calling thread's network namespace, which holds for IPv6, too. */
export function localPortRange(file = FILE): PortRange {
  try {
    const [, from, to] = /^(\d+)\s+(\d+)/.exec(readFileSync(file, 'utf8')) ?? [];
    return from === undefined ? DEFAULT : { from: Number(from), to: Number(to) };
  } catch {
    return DEFAULT;
  }
}
