/** Reads records in place: copies and allocates only when a text, a bigint or an object is requested. */
import { formatAddress } from '../address/address.ts';
import { BatchFormatError } from './batch-error.ts';
import { ETHER_TYPE_IPV4, ETHER_TYPE_IPV6, hasPorts } from './field-names.ts';
import { FIELD_OFFSETS, PACKET_LOG_SIZE } from './layout.ts';
import type { PacketLog } from './packet-log.ts';
import { addressesRead, icmpRead, portsRead } from './read-fields.ts';
import { TextCache } from './text-cache.ts';

// Module constants, so that a getter adds a constant and not a property load.
const TIMESTAMP_NS = FIELD_OFFSETS.timestamp_ns;
const SRC_ADDR = FIELD_OFFSETS.src_addr;
const DST_ADDR = FIELD_OFFSETS.dst_addr;
const RULE_ID = FIELD_OFFSETS.rule_id;
const IFINDEX = FIELD_OFFSETS.ifindex;
const LENGTH = FIELD_OFFSETS.length;
const WEIGHT = FIELD_OFFSETS.weight;
const SRC_PORT = FIELD_OFFSETS.src_port;
const DST_PORT = FIELD_OFFSETS.dst_port;
const ETHER_TYPE = FIELD_OFFSETS.ether_type;
const VLAN_ID = FIELD_OFFSETS.vlan_id;
const IP_PROTOCOL = FIELD_OFFSETS.ip_protocol;
const TCP_FLAGS = FIELD_OFFSETS.tcp_flags;
const ACTION = FIELD_OFFSETS.action;
const REASON = FIELD_OFFSETS.reason;

// The same few hosts fill most batches: a cached text costs a fifth of a new one.
const addressTexts = new TextCache(11);

/** Layout of the records in the bytes. */
export interface RecordShape {
  readonly count: number;
  /** Bytes from one record to the next. */
  readonly stride: number;
  /** Bytes from the start of a stride to its record. */
  readonly recordOffset: number;
  /** Byte where the first stride begins; 0 when absent. */
  readonly start?: number;
}

/**
 * Returns whether the record at byte `at` of `bytes` matches. Allocates nothing, keeps nothing, throws nothing, and
 * accepts any bytes.
 */
export type RecordPredicate = (bytes: Uint8Array, at: number) => boolean;

/**
 * Reads records at a fixed stride. Borrows `bytes`, and is valid while they are unchanged. Every accessor takes an
 * index and throws RangeError outside `0 .. length - 1`.
 */
export class PacketLogView implements Iterable<PacketLog> {
  readonly length: number;
  readonly #bytes: Uint8Array;
  readonly #data: DataView;
  readonly #first: number;
  readonly #stride: number;

  /** @throws BatchFormatError when the shape is impossible ('shape') or there are too few `bytes` ('short'). */
  constructor(bytes: Uint8Array, { count, stride, recordOffset, start = 0 }: RecordShape) {
    for (const value of [count, stride, recordOffset, start]) {
      if (!(Number.isSafeInteger(value) && value >= 0)) {
        throw new BatchFormatError('shape', 'count, stride and offsets must be whole numbers from 0 on', {
          expected: 0,
          actual: value,
          position: start,
        });
      }
    }
    if (stride < recordOffset + PACKET_LOG_SIZE) {
      throw new BatchFormatError(
        'shape',
        `a stride of ${stride} bytes does not hold a record of ${PACKET_LOG_SIZE} at offset ${recordOffset}; ` +
          'the bytes are damaged or not a PacketLog batch',
        { expected: recordOffset + PACKET_LOG_SIZE, actual: stride, position: start },
      );
    }
    const end = start + count * stride;
    if (end > bytes.length) {
      throw new BatchFormatError(
        'short',
        `${count} records need ${end} bytes, ${bytes.length} are there; the bytes are truncated, use them only whole`,
        { expected: end, actual: bytes.length, position: start },
      );
    }
    this.length = count;
    this.#bytes = bytes;
    this.#data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#first = start + recordOffset;
    this.#stride = stride;
  }

  #at(i: number): number {
    if (i >>> 0 !== i || i >= this.length) throw new RangeError(`record ${i} of ${this.length} does not exist`);
    return this.#first + i * this.#stride;
  }

  /** Wall clock, ns since the Unix epoch, exact. */
  timestampNs(i: number): bigint {
    return this.#data.getBigUint64(this.#at(i) + TIMESTAMP_NS, true);
  }

  /** Wall clock, ms since the Unix epoch with a fraction (good to a quarter of a microsecond). */
  timestampMs(i: number): number {
    const at = this.#at(i) + TIMESTAMP_NS;
    return (this.#data.getUint32(at + 4, true) * 0x1_0000_0000 + this.#data.getUint32(at, true)) / 1e6;
  }

  srcAddr(i: number): string {
    return this.#address(this.#at(i) + SRC_ADDR);
  }

  dstAddr(i: number): string {
    return this.#address(this.#at(i) + DST_ADDR);
  }

  #address(at: number): string {
    const data = this.#data;
    const a = data.getUint32(at, true);
    const b = data.getUint32(at + 4, true);
    const c = data.getUint32(at + 8, true);
    const d = data.getUint32(at + 12, true);
    return addressTexts.find(a, b, c, d) || addressTexts.keep(a, b, c, d, formatAddress(this.#bytes, at));
  }

  ruleId(i: number): number {
    return this.#data.getUint32(this.#at(i) + RULE_ID, true);
  }

  ifindex(i: number): number {
    return this.#data.getUint32(this.#at(i) + IFINDEX, true);
  }

  /** The field `length`; `length` of the view is the number of records. */
  frameLength(i: number): number {
    return this.#data.getUint16(this.#at(i) + LENGTH, true);
  }

  weight(i: number): number {
    return this.#data.getUint16(this.#at(i) + WEIGHT, true);
  }

  srcPort(i: number): number {
    return this.#data.getUint16(this.#at(i) + SRC_PORT, true);
  }

  /** ICMP and ICMPv6: type * 256 + code. */
  dstPort(i: number): number {
    return this.#data.getUint16(this.#at(i) + DST_PORT, true);
  }

  etherType(i: number): number {
    return this.#data.getUint16(this.#at(i) + ETHER_TYPE, true);
  }

  vlanId(i: number): number {
    return this.#data.getUint16(this.#at(i) + VLAN_ID, true);
  }

  ipProtocol(i: number): number {
    return this.#data.getUint8(this.#at(i) + IP_PROTOCOL);
  }

  tcpFlags(i: number): number {
    return this.#data.getUint8(this.#at(i) + TCP_FLAGS);
  }

  action(i: number): number {
    return this.#data.getUint8(this.#at(i) + ACTION);
  }

  reason(i: number): number {
    return this.#data.getUint8(this.#at(i) + REASON);
  }

  /** Returns whether the frame's type is IPv4 or IPv6. Its addresses may still be unread, see `addressesRead`. */
  isIp(i: number): boolean {
    const etherType = this.etherType(i);
    return etherType === ETHER_TYPE_IPV4 || etherType === ETHER_TYPE_IPV6;
  }

  /** Returns whether the addresses were read; otherwise both are `::`. */
  addressesRead(i: number): boolean {
    const isUnread = this.isIp(i) && this.srcAddr(i) === '::' && !addressesRead(this.decode(i));
    return this.isIp(i) && !isUnread;
  }

  /**
   * Returns whether the ports were read: the protocol has ports, and their part of the header was there. Otherwise both
   * are 0.
   */
  portsRead(i: number): boolean {
    if (this.srcPort(i) !== 0) return hasPorts(this.ipProtocol(i));
    return portsRead({
      ip_protocol: this.ipProtocol(i),
      src_port: this.srcPort(i),
      dst_port: this.dstPort(i),
      tcp_flags: this.tcpFlags(i),
      reason: this.reason(i),
    });
  }

  /** Returns whether `dstPort` is the type and code of an ICMP or ICMPv6 message. */
  icmpRead(i: number): boolean {
    return icmpRead({ ip_protocol: this.ipProtocol(i), dst_port: this.dstPort(i), reason: this.reason(i) });
  }

  /** Returns whether record `i` matches, see `compileFilter`. */
  matches(i: number, predicate: RecordPredicate): boolean {
    return predicate(this.#bytes, this.#at(i));
  }

  /** Returns a copy of the record as an object, which outlives the bytes. */
  decode(i: number): PacketLog {
    return {
      timestamp_ns: this.timestampNs(i),
      src_addr: this.srcAddr(i),
      dst_addr: this.dstAddr(i),
      rule_id: this.ruleId(i),
      ifindex: this.ifindex(i),
      length: this.frameLength(i),
      weight: this.weight(i),
      src_port: this.srcPort(i),
      dst_port: this.dstPort(i),
      ether_type: this.etherType(i),
      vlan_id: this.vlanId(i),
      ip_protocol: this.ipProtocol(i),
      tcp_flags: this.tcpFlags(i),
      action: this.action(i),
      reason: this.reason(i),
    };
  }

  *[Symbol.iterator](): Generator<PacketLog, void, undefined> {
    for (let i = 0; i < this.length; i++) yield this.decode(i);
  }

  /** Copies the 64 bytes of record `i`. */
  copyRecord(i: number, target: Uint8Array, targetOffset: number): void {
    const at = this.#at(i);
    target.set(this.#bytes.subarray(at, at + PACKET_LOG_SIZE), targetOffset);
  }
}
