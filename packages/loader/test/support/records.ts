/** For tests: records as they lie in a ring or in a slab. */
import { encodePacketLog, type PacketLog } from '@packetlog/common';

export const STRIDE = 72;
export const RECORD_OFFSET = 8;

/** A TCP packet of 100 bytes to port 443, permitted. */
export const packet: PacketLog = {
  timestamp_ns: 0n,
  src_addr: '192.0.2.1',
  dst_addr: '192.0.2.2',
  rule_id: 0,
  ifindex: 1,
  length: 100,
  weight: 1,
  src_port: 40_000,
  dst_port: 443,
  ether_type: 0x0800,
  vlan_id: 0,
  ip_protocol: 6,
  tcp_flags: 0,
  action: 2,
  reason: 0,
};

export function memoryOf(records: readonly PacketLog[]): Uint8Array {
  const memory = new Uint8Array(records.length * STRIDE).fill(0xee);
  for (const [i, record] of records.entries()) encodePacketLog(record, memory, i * STRIDE + RECORD_OFFSET);
  return memory;
}

/** Returns the same packet several times. */
export function times(count: number, more: Partial<PacketLog> = {}): PacketLog[] {
  return Array.from({ length: count }, () => ({ ...packet, ...more }));
}
