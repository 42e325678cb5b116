import type { PacketLog } from '../../src/record/packet-log.ts';

/** For tests: a TCP SYN that a rule denied, each field with a value of its own kind. */
export const SAMPLE: PacketLog = {
  timestamp_ns: 1_700_000_000_123_456_789n,
  src_addr: '192.0.2.1',
  dst_addr: '2001:db8::2',
  rule_id: 7,
  ifindex: 2,
  length: 60,
  weight: 1,
  src_port: 40000,
  dst_port: 443,
  ether_type: 0x0800,
  vlan_id: 0,
  ip_protocol: 6,
  tcp_flags: 2,
  action: 1,
  reason: 1,
};
