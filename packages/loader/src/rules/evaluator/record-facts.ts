/** Reads the facts that rules match from a record, as far as the record contains them. */
import {
  ETHER_TYPE_IPV4,
  IP_PROTOCOL_NONE,
  isLaterFragment,
  PACKET_LOG_FIELDS,
  portsRead,
  REASONS,
  tcpFlagsRead,
} from '@packetlog/common';
import type { PacketFacts } from './rule-image.ts';

const OFFSET = Object.fromEntries(PACKET_LOG_FIELDS.map(({ name, offset }) => [name, offset])) as Readonly<
  Record<(typeof PACKET_LOG_FIELDS)[number]['name'], number>
>;

/**
 * Returns facts about the record that begins at byte `at`.
 *
 * A record holds either a parse reason (`truncated`, `fragment`) or the rule that decided. With the rule, it lacks facts
 * that the XDP program has: whether ports that are both 0, or TCP flags that are 0, were read, and whether the packet is a
 * later fragment (`portsRead`, `tcpFlagsRead` and `isLaterFragment` document the assumptions); and whether an all-zero IPv6
 * source with protocol 255 was read (assumed: it was not).
 *
 * @param slots slot by ifindex; no rule can name an interface without one
 */
export function recordFacts(bytes: Uint8Array, at: number, slots: ReadonlyMap<number, number>): PacketFacts {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  const etherType = view.getUint16(OFFSET.ether_type, true);
  const ipProtocol = view.getUint8(OFFSET.ip_protocol);
  const isIpv4 = etherType === ETHER_TYPE_IPV4;
  const isUnread = !isIpv4 && isUnreadIpv6(view, ipProtocol);
  const read = {
    ip_protocol: ipProtocol,
    src_port: view.getUint16(OFFSET.src_port, true),
    dst_port: view.getUint16(OFFSET.dst_port, true),
    tcp_flags: view.getUint8(OFFSET.tcp_flags),
    reason: view.getUint8(OFFSET.reason),
  };
  return {
    etherType,
    ipProtocol,
    source: isUnread ? undefined : readAddress(view, OFFSET.src_addr, isIpv4),
    destination: isUnread ? undefined : readAddress(view, OFFSET.dst_addr, isIpv4),
    destinationPort: portsRead(read) ? read.dst_port : undefined,
    tcpFlags: tcpFlagsRead(read) ? read.tcp_flags : undefined,
    length: view.getUint16(OFFSET.length, true),
    isFragment: isLaterFragment(read),
    interfaceSlot: slots.get(view.getUint32(OFFSET.ifindex, true)) ?? 0,
  };
}

/** Returns when the packet was seen, in ns since the Unix epoch. */
export function recordTime(bytes: Uint8Array, at: number): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset + at).getBigUint64(OFFSET.timestamp_ns, true);
}

/** Returns the address at byte `at`. Undefined: an IPv4 address has no prefix ::ffff:0:0/96, so it was not read. */
export function readAddress(view: DataView, at: number, isIpv4: boolean): number[] | undefined {
  if (!isIpv4) return addressWords(view, at);
  return view.getUint16(at + 10) === 0xffff ? [view.getUint32(at + 12)] : undefined;
}

function isUnreadIpv6(view: DataView, ipProtocol: number): boolean {
  return (
    isIpv6Doubtful(ipProtocol, view.getUint8(OFFSET.reason)) &&
    addressWords(view, OFFSET.src_addr).every((word) => word === 0)
  );
}

function addressWords(view: DataView, at: number): number[] {
  return [0, 4, 8, 12].map((offset) => view.getUint32(at + offset));
}

/** Returns whether an all-zero IPv6 source of such a record counts as not read. */
export function isIpv6Doubtful(ipProtocol: number, reason: number): boolean {
  return ipProtocol === IP_PROTOCOL_NONE && reason !== REASONS.none && reason !== REASONS.fragment;
}
