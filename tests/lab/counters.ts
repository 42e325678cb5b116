import type { Namespace } from './namespace.ts';

interface Direction {
  readonly packets: number;
  readonly bytes: number;
  readonly dropped: number;
  readonly errors: number;
}

/** What the kernel's interface counted: the second witness of every count, since the device was made. */
export interface InterfaceCounters {
  readonly rx: Direction;
  readonly tx: Direction;
}

/**
 * `ip -s -j link show dev …`. Bytes are without the frame check sequence. While a native XDP program is at one end
 * of a veth pair, both ends count the bytes that go there without the 14 of the Ethernet header (seen on 6.18).
 * `rx.dropped` includes what the stack has no protocol for, after the program saw it.
 */
export async function interfaceCounters(namespace: Namespace, device: string): Promise<InterfaceCounters> {
  const [link] = await namespace.ipJson<{ stats64: InterfaceCounters }[]>('-s', 'link', 'show', 'dev', device);
  if (!link) throw new Error(`no interface ${device} in ${namespace.name}`);
  return link.stats64;
}
