/** Cuts addresses to their network, IPv4 to /24 and IPv6 to /48, so that the records name no single host. */
import { FIELD_OFFSETS, PACKET_LOG_SIZE } from '@packetlog/common';

const ADDRESS_BYTES = 16;
const IPV4_KEPT = 15;
const IPV6_KEPT = 6;
const FIELDS = [FIELD_OFFSETS.src_addr, FIELD_OFFSETS.dst_addr];

/** `count` records of 64 bytes. */
export function anonymize(records: Uint8Array, count: number): void {
  for (let i = 0; i < count; i++) {
    for (const field of FIELDS) {
      const at = i * PACKET_LOG_SIZE + field;
      records.fill(0, at + (isMappedIpv4(records, at) ? IPV4_KEPT : IPV6_KEPT), at + ADDRESS_BYTES);
    }
  }
}

/** ::ffff:a.b.c.d */
function isMappedIpv4(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < 10; i++) if (bytes[at + i] !== 0) return false;
  return bytes[at + 10] === 0xff && bytes[at + 11] === 0xff;
}
