/** One record as an object, for tests, files and tools; the packet path uses PacketLogView. */
import { parseAddress } from '../address/address.ts';
import { FIELD_BYTES, PACKET_LOG_FIELDS, PACKET_LOG_SIZE, type PacketLogFieldType } from './layout.ts';

/** The fields of layout.ts; addresses as text (see `formatAddress`). */
export interface PacketLog {
  timestamp_ns: bigint;
  src_addr: string;
  dst_addr: string;
  rule_id: number;
  ifindex: number;
  length: number;
  weight: number;
  src_port: number;
  dst_port: number;
  ether_type: number;
  vlan_id: number;
  ip_protocol: number;
  tcp_flags: number;
  action: number;
  reason: number;
}

/**
 * Writes the 64 bytes of `record` at `offset` of `target` (a new array when absent) and returns `target`.
 * @throws RangeError when a value does not fit its field, or 64 bytes do not fit `target`.
 * @throws AddressError when an address is invalid.
 */
export function encodePacketLog(
  record: PacketLog,
  target: Uint8Array = new Uint8Array(PACKET_LOG_SIZE),
  offset = 0,
): Uint8Array {
  if (!(offset >= 0 && offset + PACKET_LOG_SIZE <= target.length)) {
    throw new RangeError(`a record needs ${PACKET_LOG_SIZE} bytes at offset ${offset} of ${target.length}`);
  }
  const data = new DataView(target.buffer, target.byteOffset + offset, PACKET_LOG_SIZE);
  for (const field of PACKET_LOG_FIELDS) {
    const value = record[field.name];
    if (typeof value === 'string') target.set(parseAddress(value), offset + field.offset);
    else writeInteger(data, field.name, field.offset, field.type, value);
  }
  return target;
}

function writeInteger(
  data: DataView,
  name: string,
  offset: number,
  type: PacketLogFieldType,
  value: number | bigint,
): void {
  const bits = BigInt(8 * FIELD_BYTES[type]);
  if (!(Number.isInteger(value) || typeof value === 'bigint') || value < 0n || value >= 1n << bits) {
    throw new RangeError(`${name} is ${value}: it must be an integer of ${bits} bits`);
  }
  if (type === 'u64') data.setBigUint64(offset, BigInt(value), true);
  else if (type === 'u32') data.setUint32(offset, Number(value), true);
  else if (type === 'u16') data.setUint16(offset, Number(value), true);
  else data.setUint8(offset, Number(value));
}
