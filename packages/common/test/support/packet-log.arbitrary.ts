/** Records over the full range of every field, for property tests. */
import fc from 'fast-check';
import { formatAddress } from '../../src/address/address.ts';
import type { PacketLog } from '../../src/record/packet-log.ts';

const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });

/** 16 bytes: IPv4-mapped, IPv6 with runs of zeros, or anything. */
export const addressBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map((tail) => {
    const bytes = new Uint8Array(16);
    bytes.fill(0xff, 10, 12);
    bytes.set(tail, 12);
    return bytes;
  }),
  fc.array(fc.oneof(fc.constant(0), fc.constant(0xffff), u16), { minLength: 8, maxLength: 8 }).map((groups) => {
    const bytes = new Uint8Array(16);
    groups.forEach((group, i) => {
      bytes[2 * i] = group >> 8;
      bytes[2 * i + 1] = group & 0xff;
    });
    return bytes;
  }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
);

const address = addressBytes.map((bytes) => formatAddress(bytes));

export const packetLog: fc.Arbitrary<PacketLog> = fc.record(
  {
    timestamp_ns: u64,
    src_addr: address,
    dst_addr: address,
    rule_id: u32,
    ifindex: u32,
    length: u16,
    weight: u16,
    src_port: u16,
    dst_port: u16,
    ether_type: u16,
    vlan_id: u16,
    ip_protocol: u8,
    tcp_flags: u8,
    action: u8,
    reason: u8,
  },
  { noNullPrototype: true },
);
