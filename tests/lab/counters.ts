import type { Namespace } from './namespace.ts';

interface Direction {
  readonly packets: number;
  readonly bytes: number;
  readonly dropped: number;
  readonly errors: number;
}

/** The kernel's interface counters, since the device was created: they check every count independently. */
export interface InterfaceCounters {
  readonly rx: Direction;
  readonly tx: Direction;
}

/**
 * Reads `ip -s -j link show dev …`. Bytes exclude the frame check sequence. While a native XDP program is at one end of
 * a veth pair, both ends count the bytes in that direction without the 14 of the Ethernet header (seen on 6.18).
 * `rx.dropped` includes packets for which the stack has no protocol, after the program saw them.
 */
export async function interfaceCounters(namespace: Namespace, device: string): Promise<InterfaceCounters> {
  const [link] = await namespace.ipJson<{ stats64: InterfaceCounters }[]>('-s', 'link', 'show', 'dev', device);
  if (!link) throw new Error(`no interface ${device} in ${namespace.name}`);
  return link.stats64;
}
