import { ACTIONS, formatAddress, IP_PROTOCOL_NONE, REASONS, type Reason } from '@packetlog/common';
import type { ParsedFields } from './fixtures.ts';

/**
 * A second implementation of the parser, written for clarity and from the RFCs, not from the C program. It gives the
 * expected record of frames that have no written expectation. Reads beyond `end` throw `Truncated`.
 */
export function parse(frame: Uint8Array, link: 'ethernet' | 'ip' = 'ethernet'): ParsedFields {
  const found: Found = {};
  let reason: Reason;
  try {
    reason = link === 'ip' ? parseBare(frame, found) : parseLink(frame, found);
  } catch (error) {
    if (error instanceof Truncated) reason = 'truncated';
    else if (error instanceof Malformed) reason = 'malformed';
    else throw error;
  }
  return {
    src_addr: formatAddress(found.src ?? new Uint8Array(16)),
    dst_addr: formatAddress(found.dst ?? new Uint8Array(16)),
    rule_id: 0,
    length: Math.min(frame.length, 65535),
    weight: 1,
    src_port: found.srcPort ?? 0,
    dst_port: found.dstPort ?? 0,
    ether_type: found.etherType ?? 0,
    vlan_id: found.vlanId ?? 0,
    ip_protocol: found.protocol ?? IP_PROTOCOL_NONE,
    tcp_flags: found.tcpFlags ?? 0,
    action: ACTIONS.permit,
    reason: REASONS[reason],
  };
}

interface Found {
  etherType?: number;
  vlanId?: number;
  src?: Uint8Array;
  dst?: Uint8Array;
  protocol?: number;
  srcPort?: number;
  dstPort?: number;
  tcpFlags?: number;
}

class Truncated extends Error {}
class Malformed extends Error {}

/** Returns `count` bytes from `at`, which must lie before `end`. */
function take(frame: Uint8Array, at: number, count: number, end = frame.length): Uint8Array {
  if (at + count > Math.min(end, frame.length)) throw new Truncated();
  return frame.subarray(at, at + count);
}

const at = (bytes: Uint8Array, offset: number): number => bytes[offset] as number;
const at16 = (bytes: Uint8Array, offset: number): number => at(bytes, offset) * 256 + at(bytes, offset + 1);

const TAG_TYPES = [0x8100, 0x88a8, 0x9100];
const TAGS_FOLLOWED = 4;

function parseLink(frame: Uint8Array, found: Found): Reason {
  found.etherType = at16(take(frame, 0, 14), 12);
  let next = 14;
  for (let tags = 0; TAG_TYPES.includes(found.etherType); tags++) {
    if (tags === TAGS_FOLLOWED) return 'vlan_limit';
    const tag = take(frame, next, 4);
    // The id has 12 bits (IEEE 802.1Q, 9.6); the record has 4096 for the id 0, which is a priority tag.
    if (tags === 0) found.vlanId = at16(tag, 0) % 4096 || 4096;
    found.etherType = at16(tag, 2);
    next += 4;
  }
  if (found.etherType === PPPOE_SESSION) {
    const session = take(frame, next, 8);
    // PPP may omit the first byte of a protocol: the last byte is odd, the others are even.
    const compressed = at(session, 6) % 2 === 1;
    const inside = PPP_CONTENT.get(compressed ? at(session, 6) : at16(session, 6));
    if (inside === undefined) return 'not_ip';
    found.etherType = inside;
    next += compressed ? 7 : 8;
  }
  return parseNetwork(frame, next, found);
}

const PPPOE_SESSION = 0x8864;
const PPP_CONTENT = new Map([
  [0x21, 0x0800],
  [0x57, 0x86dd],
]);

/** Parses a packet of a device without a link header by its IP version. */
function parseBare(frame: Uint8Array, found: Found): Reason {
  const version = at(take(frame, 0, 1), 0) >> 4;
  if (version === 4) found.etherType = 0x0800;
  if (version === 6) found.etherType = 0x86dd;
  return parseNetwork(frame, 0, found);
}

function parseNetwork(frame: Uint8Array, start: number, found: Found): Reason {
  if (found.etherType === 0x0800) return parseIpv4(frame, start, found);
  if (found.etherType === 0x86dd) return parseIpv6(frame, start, found);
  return 'not_ip';
}

const mapped = (address: Uint8Array): Uint8Array => Uint8Array.of(...new Array(10).fill(0), 255, 255, ...address);

function parseIpv4(frame: Uint8Array, start: number, found: Found): Reason {
  const header = take(frame, start, 20);
  const version = at(header, 0) >> 4;
  const headerLength = (at(header, 0) & 15) * 4;
  const totalLength = at16(header, 2);
  if (version !== 4 || headerLength < 20) return 'malformed';
  if (totalLength !== 0 && totalLength < headerLength) return 'malformed';

  found.src = mapped(header.subarray(12, 16));
  found.dst = mapped(header.subarray(16, 20));
  found.protocol = at(header, 9);
  take(frame, start, headerLength);
  if (at16(header, 6) % 8192 !== 0) return 'fragment';

  const end = totalLength === 0 ? frame.length : start + totalLength;
  return parseTransport(frame, start + headerLength, end, found);
}

const HOP_BY_HOP = 0;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const NO_NEXT_HEADER = 59;
const EXTENSIONS = [HOP_BY_HOP, 43, FRAGMENT, AUTHENTICATION, 60, 135, 139, 140];
const EXTENSIONS_FOLLOWED = 8;
/** Mobility (RFC 6275), HIP (RFC 7401), Shim6 control (RFC 5533): messages, followed by "no next header". */
const MESSAGES = [135, 139, 140];

function parseIpv6(frame: Uint8Array, start: number, found: Found): Reason {
  const header = take(frame, start, 40);
  if (at(header, 0) >> 4 !== 6) return 'malformed';
  found.src = header.slice(8, 24);
  found.dst = header.slice(24, 40);
  found.protocol = at(header, 6);
  const end = start + 40 + ipv6PayloadLength(frame, start);

  let next = start + 40;
  for (let extensions = 0; EXTENSIONS.includes(found.protocol); extensions++) {
    if (extensions === EXTENSIONS_FOLLOWED) return 'extension_limit';
    const extension = takeExtension(found.protocol, frame, next, end);
    const following = at(extension, 0);
    if (MESSAGES.includes(found.protocol) && following === NO_NEXT_HEADER) return 'none';
    const isLaterFragment = found.protocol === FRAGMENT && at16(extension, 2) >> 3 !== 0;
    found.protocol = following;
    if (isLaterFragment) return 'fragment';
    next += extension.length;
  }
  return parseTransport(frame, next, end, found);
}

const JUMBO_PAYLOAD = 0xc2;
/** Bytes of an untagged frame with the largest payload that the 16-bit field can express. */
const LONGEST_ORDINARY_FRAME = 14 + 40 + 65_535;

/**
 * Returns the bytes after the IPv6 header (RFC 8200 3). A field of 0 means an empty payload, unless a jumbo payload
 * option gives more than 65,535 (RFC 2675; only as the first option), or the frame is longer than the field can express,
 * because of segmentation offload. With other hop-by-hop options Linux reads the frame to its end.
 */
function ipv6PayloadLength(frame: Uint8Array, start: number): number {
  const length = at16(frame, start + 4);
  if (length > 0) return length;
  if (frame.length > LONGEST_ORDINARY_FRAME) return Number.POSITIVE_INFINITY;
  if (at(frame, start + 6) !== HOP_BY_HOP) return 0;
  const option = take(frame, start + 40, 8).subarray(2);
  if (at(option, 0) !== JUMBO_PAYLOAD) return Number.POSITIVE_INFINITY;
  if (at(option, 1) !== 4) return 0;
  const jumbo = at16(option, 2) * 65_536 + at16(option, 4);
  return jumbo > 65_535 ? jumbo : 0;
}

/** Returns the whole header. Throws `Malformed` if it does not fit into the datagram. */
function takeExtension(protocol: number, frame: Uint8Array, start: number, end: number): Uint8Array {
  if (start + 8 > end) throw new Malformed();
  const unit = at(take(frame, start, 8), 1);
  const length = protocol === FRAGMENT ? 8 : protocol === AUTHENTICATION ? (unit + 2) * 4 : (unit + 1) * 8;
  if (start + length > end) throw new Malformed();
  return take(frame, start, length);
}

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const ICMPV6 = 58;
const SCTP = 132;
const UDP_LITE = 136;

/** Bytes of the fixed part of each header: RFC 9293, 768, 3828, 9260, 792, 4443. */
const FIXED_HEADER = new Map([
  [TCP, 20],
  [UDP, 8],
  [UDP_LITE, 8],
  [SCTP, 12],
  [ICMP, 8],
  [ICMPV6, 4],
]);

/** Reads each field whose bytes are present, and then checks that the fixed header is complete and valid. */
function parseTransport(frame: Uint8Array, start: number, end: number, found: Found): Reason {
  const protocol = found.protocol as number;
  const headerLength = FIXED_HEADER.get(protocol);
  if (headerLength === undefined) return 'none';
  if (protocol === ICMP || protocol === ICMPV6) {
    found.dstPort = at16(take(frame, start, 2, end), 0);
  } else {
    const ports = take(frame, start, 4, end);
    found.srcPort = at16(ports, 0);
    found.dstPort = at16(ports, 2);
  }
  if (protocol === TCP) found.tcpFlags = at(take(frame, start, 14, end), 13);
  return isMalformed(protocol, take(frame, start, headerLength, end)) ? 'malformed' : 'none';
}

function isMalformed(protocol: number, header: Uint8Array): boolean {
  if (protocol === TCP) return at(header, 12) >> 4 < 5;
  if (protocol !== UDP && protocol !== UDP_LITE) return false;
  const length = at16(header, 4);
  return length > 0 && length < 8;
}
