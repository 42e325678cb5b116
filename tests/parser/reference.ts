import { ACTIONS, formatAddress, IP_PROTOCOL_NONE, REASONS, type Reason } from '@packetlog/common';
import type { ParsedFields } from './fixtures.ts';

/**
 * The parser's semantics once more, written for clarity and from the RFCs, not from the C program:
 * the second opinion for frames nobody wrote an expectation for. Reads outside `end` throw `Truncated`.
 */
export function parse(frame: Uint8Array): ParsedFields {
  const found: Found = {};
  let reason: Reason;
  try {
    reason = parseLink(frame, found);
  } catch (error) {
    if (!(error instanceof Truncated)) throw error;
    reason = 'truncated';
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

/** The next `count` bytes at `at`, all of them before `end`. */
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
    if (tags === 0) found.vlanId = at16(tag, 0) % 4096;
    found.etherType = at16(tag, 2);
    next += 4;
  }
  if (found.etherType === 0x0800) return parseIpv4(frame, next, found);
  if (found.etherType === 0x86dd) return parseIpv6(frame, next, found);
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

const FRAGMENT = 44;
const AUTHENTICATION = 51;
const EXTENSIONS = [0, 43, FRAGMENT, AUTHENTICATION, 60, 135, 139, 140];
const EXTENSIONS_FOLLOWED = 8;

function parseIpv6(frame: Uint8Array, start: number, found: Found): Reason {
  const header = take(frame, start, 40);
  if (at(header, 0) >> 4 !== 6) return 'malformed';
  found.src = header.slice(8, 24);
  found.dst = header.slice(24, 40);
  found.protocol = at(header, 6);
  const payloadLength = at16(header, 4);
  const end = payloadLength === 0 ? frame.length : start + 40 + payloadLength;

  let next = start + 40;
  for (let extensions = 0; EXTENSIONS.includes(found.protocol); extensions++) {
    if (extensions === EXTENSIONS_FOLLOWED) return 'extension_limit';
    const extension = take(frame, next, extensionLength(found.protocol, frame, next, end), end);
    const isLaterFragment = found.protocol === FRAGMENT && at16(extension, 2) >> 3 !== 0;
    found.protocol = at(extension, 0);
    if (isLaterFragment) return 'fragment';
    next += extension.length;
  }
  return parseTransport(frame, next, end, found);
}

function extensionLength(protocol: number, frame: Uint8Array, start: number, end: number): number {
  if (protocol === FRAGMENT) return 8;
  const length = at(take(frame, start, 2, end), 1);
  return protocol === AUTHENTICATION ? (length + 2) * 4 : (length + 1) * 8;
}

/** Bytes that layer 4 must have before its ports are believed. */
const PORTS_NEED = new Map([
  [6, 4],
  [17, 4],
  [132, 12],
  [136, 4],
]);
const ICMP = [1, 58];

function parseTransport(frame: Uint8Array, start: number, end: number, found: Found): Reason {
  const protocol = found.protocol as number;
  const needed = PORTS_NEED.get(protocol);
  if (needed !== undefined) {
    const header = take(frame, start, needed, end);
    found.srcPort = at16(header, 0);
    found.dstPort = at16(header, 2);
  }
  if (protocol === 6) found.tcpFlags = at(take(frame, start, 14, end), 13);
  if (ICMP.includes(protocol)) found.dstPort = at16(take(frame, start, 2, end), 0);
  return 'none';
}
