/** Reads the facts that rules match from a record, as far as the record contains them. */
import { ETHER_TYPE_IPV4, IP_PROTOCOL_NONE, PACKET_LOG_FIELDS, portsRead, REASONS } from '@packetlog/common';
import type { PacketFacts } from './rule-image.ts';

const OFFSET = Object.fromEntries(PACKET_LOG_FIELDS.map(({ name, offset }) => [name, offset])) as Readonly<
  Record<(typeof PACKET_LOG_FIELDS)[number]['name'], number>
>;

/**
 * Returns facts about the record that begins at byte `at`.
 *
 * A record holds either a parse reason (`truncated`, `fragment`) or the rule that decided. With the rule, it lacks two
 * facts that the XDP program has: whether ports that are both 0 were read (`portsRead` documents the assumption), and
 * whether an all-zero IPv6 source with protocol 255 was read (assumed: it was not).
 *
 * @param slots slot by ifindex; no rule can name an interface without one
 */
export function recordFacts(bytes: Uint8Array, at: number, slots: ReadonlyMap<number, number>): PacketFacts {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  const etherType = view.getUint16(OFFSET.ether_type, true);
  const ipProtocol = view.getUint8(OFFSET.ip_protocol);
  return {
    etherType,
    ipProtocol,
    source: etherType === ETHER_TYPE_IPV4 ? ipv4Source(view) : ipv6Source(view, ipProtocol),
    destinationPort: hasReadPorts(view, ipProtocol) ? view.getUint16(OFFSET.dst_port, true) : undefined,
    interfaceSlot: slots.get(view.getUint32(OFFSET.ifindex, true)) ?? 0,
  };
}

/** Returns when the packet was seen, in ns since the Unix epoch. */
export function recordTime(bytes: Uint8Array, at: number): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset + at).getBigUint64(OFFSET.timestamp_ns, true);
}

/** Returns the address if it was read: only then does the record have its prefix ::ffff:0:0/96. */
function ipv4Source(view: DataView): [number] | undefined {
  if (view.getUint16(OFFSET.src_addr + 10) !== 0xffff) return undefined;
  return [view.getUint32(OFFSET.src_addr + 12)];
}

function ipv6Source(view: DataView, ipProtocol: number): number[] | undefined {
  const words = [0, 4, 8, 12].map((offset) => view.getUint32(OFFSET.src_addr + offset));
  return isIpv6Doubtful(ipProtocol, view.getUint8(OFFSET.reason)) && words.every((word) => word === 0)
    ? undefined
    : words;
}

/** Returns whether an all-zero IPv6 source of such a record counts as not read. */
export function isIpv6Doubtful(ipProtocol: number, reason: number): boolean {
  return ipProtocol === IP_PROTOCOL_NONE && reason !== REASONS.none && reason !== REASONS.fragment;
}

function hasReadPorts(view: DataView, ipProtocol: number): boolean {
  return portsRead({
    ip_protocol: ipProtocol,
    src_port: view.getUint16(OFFSET.src_port, true),
    dst_port: view.getUint16(OFFSET.dst_port, true),
    tcp_flags: view.getUint8(OFFSET.tcp_flags),
    reason: view.getUint8(OFFSET.reason),
  });
}
