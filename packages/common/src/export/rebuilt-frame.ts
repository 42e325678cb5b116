/**
 * Rebuilds the headers of a packet from its record.
 *
 * A record has no payload, and of the headers only the important fields. Unknown fields get values that no analyser
 * reports as errors: MAC addresses, identification and sequence numbers are zero, TTL and hop limit 64, the TCP window
 * 65535, and layer 4 checksums are correct for a payload of zeros (SCTP's is zero). The IPv4 header checksum is
 * correct.
 */
import { ETHER_TYPE_IPV4, ETHER_TYPE_IPV6 } from '../record/field-names.ts';
import { PACKET_LOG_SIZE, REASONS, VLAN_PRIORITY_TAG } from '../record/layout.ts';
import type { PacketLogView } from '../record/view.ts';

/** Ethernet, a VLAN tag, IPv6 with a fragment header, TCP: the longest frame built here. */
export const REBUILT_FRAME_LIMIT = 14 + 4 + 40 + 8 + 20;

const ETHERNET_BYTES = 14;
const VLAN_BYTES = 4;
const IPV4_BYTES = 20;
const IPV6_BYTES = 40;
const IPV6_FRAGMENT_HEADER = 44;
const ETHER_TYPE_VLAN = 0x8100;
/** A later fragment, in units of 8 bytes: the record does not contain the offset. */
const SOME_FRAGMENT = 1;

/** Bytes of the current record. */
const record = new Uint8Array(PACKET_LOG_SIZE);

const TCP = 6;
const SCTP = 132;
const ICMPV6 = 58;
const SOME_TTL = 64;
/** Not 0, which would mean a full receiver. */
const SOME_WINDOW = 0xffff;
const TCP_BYTES = 20;
const UDP_BYTES = 8;
const ICMP_BYTES = 4;

/**
 * Writes the headers of record `i` to the start of `frame`, which must be zeroed and have REBUILT_FRAME_LIMIT bytes.
 * Returns the number of bytes written: headers end before the first that was not read.
 */
export function rebuildFrame(view: PacketLogView, i: number, frame: DataView): number {
  const etherType = view.etherType(i);
  const vlan = view.vlanId(i);
  let at = ETHERNET_BYTES - 2;
  if (vlan !== 0) {
    frame.setUint16(at, ETHER_TYPE_VLAN);
    frame.setUint16(at + 2, vlan % VLAN_PRIORITY_TAG);
    at += VLAN_BYTES;
  }
  frame.setUint16(at, etherType);
  at += 2;
  if (!view.addressesRead(i)) return at;
  if (etherType === ETHER_TYPE_IPV4) return rebuildIpv4(view, i, frame, at);
  return etherType === ETHER_TYPE_IPV6 ? rebuildIpv6(view, i, frame, at) : at;
}

function rebuildIpv4(view: PacketLogView, i: number, frame: DataView, start: number): number {
  view.copyRecord(i, record, 0);
  const isFragment = view.reason(i) === REASONS.fragment;
  const at = start + IPV4_BYTES;
  const end = isFragment ? at : rebuildLayer4(view, i, frame, at, view.frameLength(i) - at);
  frame.setUint8(start, 0x45);
  frame.setUint16(start + 2, Math.min(0xffff, Math.max(end, view.frameLength(i)) - start));
  frame.setUint16(start + 6, isFragment ? SOME_FRAGMENT : 0);
  frame.setUint8(start + 8, SOME_TTL);
  frame.setUint8(start + 9, view.ipProtocol(i));
  copyAddresses(12, 4, frame, start + 12);
  frame.setUint16(start + 10, checksumOf(sumOf(frame, start, IPV4_BYTES)));
  return end;
}

function rebuildIpv6(view: PacketLogView, i: number, frame: DataView, start: number): number {
  view.copyRecord(i, record, 0);
  const isFragment = view.reason(i) === REASONS.fragment;
  let at = start + IPV6_BYTES;
  frame.setUint8(start, 0x60);
  frame.setUint8(start + 7, SOME_TTL);
  copyAddresses(0, 16, frame, start + 8);
  if (isFragment) {
    frame.setUint8(start + 6, IPV6_FRAGMENT_HEADER);
    frame.setUint8(at, view.ipProtocol(i));
    frame.setUint16(at + 2, SOME_FRAGMENT << 3);
    at += 8;
  } else {
    frame.setUint8(start + 6, view.ipProtocol(i));
    at = rebuildLayer4(view, i, frame, at, view.frameLength(i) - at);
  }
  frame.setUint16(start + 4, Math.min(0xffff, Math.max(at, view.frameLength(i)) - start - IPV6_BYTES));
  return at;
}

/** `length`: bytes of the datagram from `at` on. Returns where the header ends; `record` holds the record. */
function rebuildLayer4(view: PacketLogView, i: number, frame: DataView, at: number, length: number): number {
  const protocol = view.ipProtocol(i);
  if (view.icmpRead(i)) {
    frame.setUint16(at, view.dstPort(i));
    const around = protocol === ICMPV6 ? pseudoHeaderSum(protocol, Math.max(ICMP_BYTES, length)) : 0;
    frame.setUint16(at + 2, checksumOf(around + sumOf(frame, at, ICMP_BYTES)));
    return at + ICMP_BYTES;
  }
  if (!view.portsRead(i)) return at;
  frame.setUint16(at, view.srcPort(i));
  frame.setUint16(at + 2, view.dstPort(i));
  if (protocol === SCTP) return at + 12;
  if (protocol === TCP) {
    frame.setUint8(at + 12, 5 << 4);
    frame.setUint8(at + 13, view.tcpFlags(i));
    frame.setUint16(at + 14, SOME_WINDOW);
    const around = pseudoHeaderSum(protocol, Math.max(TCP_BYTES, length));
    frame.setUint16(at + 16, checksumOf(around + sumOf(frame, at, TCP_BYTES)));
    return at + TCP_BYTES;
  }
  const bytes = Math.min(0xffff, Math.max(UDP_BYTES, length));
  frame.setUint16(at + 4, bytes);
  const sum = pseudoHeaderSum(protocol, bytes) + sumOf(frame, at, UDP_BYTES);
  // 0 would mean that there is no checksum, which IPv6 and UDP-Lite do not allow.
  frame.setUint16(at + 6, checksumOf(sum) || 0xffff);
  return at + UDP_BYTES;
}

/** RFC 8200 section 8.1; the words before an IPv4 address in `record` add nothing to a ones' complement sum. */
function pseudoHeaderSum(protocol: number, length: number): number {
  let sum = protocol + (length >>> 16) + (length & 0xffff);
  for (let k = SRC_ADDR; k < DST_ADDR + 16; k += 2) sum += ((record[k] as number) << 8) | (record[k + 1] as number);
  return sum;
}

const SRC_ADDR = 8;
const DST_ADDR = 24;

/** Copies source and destination back to back: `bytes` of each, from `skip` bytes into its field. */
function copyAddresses(skip: number, bytes: number, frame: DataView, to: number): void {
  for (let k = 0; k < bytes; k++) {
    frame.setUint8(to + k, record[SRC_ADDR + skip + k] as number);
    frame.setUint8(to + bytes + k, record[DST_ADDR + skip + k] as number);
  }
}

/** Sums an even number of bytes, as words in network order; the checksum field is zero. */
function sumOf(data: DataView, start: number, bytes: number): number {
  let sum = 0;
  for (let k = 0; k < bytes; k += 2) sum += data.getUint16(start + k);
  return sum;
}

/** RFC 1071. */
function checksumOf(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return ~folded & 0xffff;
}
