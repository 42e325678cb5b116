/**
 * The tests that filters consist of. Each is a function over a record's bytes with its constants bound; each shape has
 * a separate function, because one generic function costs several times as much. Offsets count from the record's first
 * byte; bounds are inclusive and unsigned.
 */
import { hasPorts } from '../record/field-names.ts';
import { IP_PROTOCOL_NONE, PACKET_LOG_FIELDS, type PacketLogFieldName, REASONS } from '../record/layout.ts';
import type { RecordPredicate } from '../record/view.ts';

export const OFFSET = Object.fromEntries(PACKET_LOG_FIELDS.map(({ name, offset }) => [name, offset])) as Readonly<
  Record<PacketLogFieldName, number>
>;

// Module constants, so that a test adds a constant and not a property load.
const SRC_PORT = OFFSET.src_port;
const DST_PORT = OFFSET.dst_port;
const SRC_ADDR = OFFSET.src_addr;
const DST_ADDR = OFFSET.dst_addr;
const ETHER_TYPE = OFFSET.ether_type;
const IP_PROTOCOL = OFFSET.ip_protocol;
const TCP_FLAGS = OFFSET.tcp_flags;
const VLAN_ID = OFFSET.vlan_id;
const REASON = OFFSET.reason;
const VLAN_IDS = 0x0fff;
const TCP = 6;

/** `undefined` beyond the end of the bytes: arithmetic accepts it, so nothing throws. */
type Byte = number;

export const always: RecordPredicate = () => true;
export const never: RecordPredicate = () => false;

/** Tests whether a one-byte field is in the range, or outside of it if `wanted` is false. */
export function byteIn(offset: number, low: number, high: number, wanted: boolean): RecordPredicate {
  const span = high - low;
  return wanted
    ? (bytes, at) => ((bytes[at + offset] as Byte) - low) >>> 0 <= span
    : (bytes, at) => ((bytes[at + offset] as Byte) - low) >>> 0 > span;
}

/** `wanted`: 256 bytes, 1 for each value that matches. */
export function byteOf(offset: number, wanted: Uint8Array): RecordPredicate {
  return (bytes, at) => wanted[bytes[at + offset] as Byte] === 1;
}

export function halfWordIn(offset: number, low: number, high: number, wanted: boolean): RecordPredicate {
  const span = high - low;
  return wanted
    ? (bytes, at) => (halfWord(bytes, at + offset) - low) >>> 0 <= span
    : (bytes, at) => (halfWord(bytes, at + offset) - low) >>> 0 > span;
}

export function wordIn(offset: number, low: number, high: number, wanted: boolean): RecordPredicate {
  const span = high - low;
  const from = low | 0;
  return wanted
    ? (bytes, at) => (wordAt(bytes, at + offset) - from) >>> 0 <= span
    : (bytes, at) => (wordAt(bytes, at + offset) - from) >>> 0 > span;
}

/**
 * Tests whether the id of the outer VLAN tag is in the range, or not if `wanted` is false; a frame without a tag is not
 * in the range.
 */
export function vlanIn(low: number, high: number, wanted: boolean): RecordPredicate {
  const span = high - low;
  return (bytes, at) => {
    const vlan = halfWord(bytes, at + VLAN_ID);
    return (vlan !== 0 && ((vlan & VLAN_IDS) - low) >>> 0 <= span) === wanted;
  };
}

/** 1 for protocols with ports: what ICMP stores in their place is not a port. */
const WITH_PORTS = Uint8Array.from({ length: 256 }, (_, number) => (hasPorts(number) ? 1 : 0));

/** Tests whether the protocol has ports and they were read: `portsRead` for a record's bytes. */
function hasItsPorts(bytes: Uint8Array, at: number): boolean {
  return (
    WITH_PORTS[bytes[at + IP_PROTOCOL] as Byte] === 1 &&
    (wordAt(bytes, at + SRC_PORT) !== 0 ||
      bytes[at + TCP_FLAGS] !== 0 ||
      bytes[at + REASON] === REASONS.none ||
      bytes[at + REASON] === REASONS.malformed)
  );
}

export function portIn(offset: number, low: number, high: number): RecordPredicate {
  const span = high - low;
  return (bytes, at) => (halfWord(bytes, at + offset) - low) >>> 0 <= span && hasItsPorts(bytes, at);
}

export function eitherPortIn(low: number, high: number): RecordPredicate {
  const span = high - low;
  return (bytes, at) =>
    ((halfWord(bytes, at + DST_PORT) - low) >>> 0 <= span || (halfWord(bytes, at + SRC_PORT) - low) >>> 0 <= span) &&
    hasItsPorts(bytes, at);
}

/** `wanted`: one bit per port. */
export function portOf(offset: number, wanted: Uint8Array): RecordPredicate {
  return (bytes, at) => hasBit(wanted, halfWord(bytes, at + offset)) && hasItsPorts(bytes, at);
}

export function eitherPortOf(wanted: Uint8Array): RecordPredicate {
  return (bytes, at) =>
    (hasBit(wanted, halfWord(bytes, at + DST_PORT)) || hasBit(wanted, halfWord(bytes, at + SRC_PORT))) &&
    hasItsPorts(bytes, at);
}

function hasBit(bits: Uint8Array, port: number): boolean {
  return (((bits[port >> 3] as Byte) >> (port & 7)) & 1) === 1;
}

/** `mask` and `value` apply to the last four bytes of an address, read as a little-endian word. */
export function ipv4At(offset: number, mask: number, value: number): RecordPredicate {
  const last = offset + 12;
  return (bytes, at) => (wordAt(bytes, at + last) & mask) === value && isIpv4(bytes, at, at + offset);
}

export function eitherIpv4(mask: number, value: number): RecordPredicate {
  return (bytes, at) =>
    ((wordAt(bytes, at + SRC_ADDR + 12) & mask) === value && isIpv4(bytes, at, at + SRC_ADDR)) ||
    ((wordAt(bytes, at + DST_ADDR + 12) & mask) === value && isIpv4(bytes, at, at + DST_ADDR));
}

/** `wanted`: the last four bytes of addresses, as little-endian words. */
export function ipv4Of(offset: number, wanted: ReadonlySet<number>): RecordPredicate {
  const last = offset + 12;
  return (bytes, at) => wanted.has(wordAt(bytes, at + last)) && isIpv4(bytes, at, at + offset);
}

/** `masks` and `values`: the four words of an address; words behind the prefix have the mask 0. */
export function ipv6At(offset: number, masks: readonly number[], values: readonly number[]): RecordPredicate {
  const [m0, m1, m2, m3] = masks as [number, number, number, number];
  const [v0, v1, v2, v3] = values as [number, number, number, number];
  if (m2 === 0) {
    return (bytes, at) =>
      (wordAt(bytes, at + offset + 4) & m1) === v1 && (wordAt(bytes, at + offset) & m0) === v0 && isIpv6(bytes, at);
  }
  return (bytes, at) =>
    (wordAt(bytes, at + offset + 12) & m3) === v3 &&
    (wordAt(bytes, at + offset + 8) & m2) === v2 &&
    (wordAt(bytes, at + offset + 4) & m1) === v1 &&
    (wordAt(bytes, at + offset) & m0) === v0 &&
    isIpv6(bytes, at);
}

/** Tests whether type and code, as stored in `dst_port`, are in the range and were read: see `icmpRead`. */
export function icmpIn(protocol: number, low: number, high: number): RecordPredicate {
  const span = high - low;
  return (bytes, at) => {
    const typeAndCode = halfWord(bytes, at + DST_PORT);
    return (
      (typeAndCode - low) >>> 0 <= span &&
      bytes[at + IP_PROTOCOL] === protocol &&
      (typeAndCode !== 0 || (bytes[at + REASON] !== REASONS.fragment && bytes[at + REASON] !== REASONS.truncated))
    );
  };
}

/** TCP without any flag, whose header was read as far as the flags: see `tcpFlagsRead`. */
export const noFlags: RecordPredicate = (bytes, at) =>
  bytes[at + TCP_FLAGS] === 0 &&
  bytes[at + IP_PROTOCOL] === TCP &&
  bytes[at + REASON] !== REASONS.truncated &&
  hasItsPorts(bytes, at);

export function flagsAre(mask: number, value: number): RecordPredicate {
  return (bytes, at) => ((bytes[at + TCP_FLAGS] as Byte) & mask) === value && bytes[at + IP_PROTOCOL] === TCP;
}

function halfWord(bytes: Uint8Array, from: number): number {
  return (bytes[from] as Byte) | ((bytes[from + 1] as Byte) << 8);
}

/** Reads a little-endian signed word: an unsigned one could need the heap. */
export function wordAt(bytes: Uint8Array, from: number): number {
  return (
    (bytes[from] as Byte) |
    ((bytes[from + 1] as Byte) << 8) |
    ((bytes[from + 2] as Byte) << 16) |
    ((bytes[from + 3] as Byte) << 24)
  );
}

/** Returns a mask of the first `bits` bits in network order, for a word read as little-endian. */
export function wordMask(bits: number): number {
  const bytes = [0, 8, 16, 24].map((before) => 0xff & ~(0xff >> Math.min(8, Math.max(0, bits - before))));
  return wordAt(Uint8Array.from(bytes), 0);
}

/** Tests whether the frame is IPv4 and has an address there: a frame cut off before its addresses has zeros. */
function isIpv4(bytes: Uint8Array, at: number, from: number): boolean {
  return (
    bytes[at + ETHER_TYPE + 1] === 0x08 &&
    bytes[at + ETHER_TYPE] === 0x00 &&
    wordAt(bytes, from + 8) === MAPPED &&
    (wordAt(bytes, from + 4) | wordAt(bytes, from)) === 0
  );
}

/** 0, 0, 0xff, 0xff: bytes 8 to 11 of an IPv4 address. */
const MAPPED = 0xffff_0000 | 0;

/** Tests whether the frame is IPv6 and its addresses were read: `addressesRead` for a record's bytes. */
function isIpv6(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at + ETHER_TYPE + 1] === 0x86 &&
    bytes[at + ETHER_TYPE] === 0xdd &&
    (bytes[at + IP_PROTOCOL] !== IP_PROTOCOL_NONE || hasUnusualAddresses(bytes, at))
  );
}

/** Checks the case of an IPv6 frame with protocol 255, which marks a header that was not read. */
function hasUnusualAddresses(bytes: Uint8Array, at: number): boolean {
  for (let word = SRC_ADDR; word < DST_ADDR + 16; word += 4) if (wordAt(bytes, at + word) !== 0) return true;
  return bytes[at + REASON] === REASONS.none || bytes[at + REASON] === REASONS.fragment;
}
