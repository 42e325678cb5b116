import { encodePacketLog, type PacketLog, REASONS } from '@packetlog/common';
import { describe, expect, it } from 'vitest';
import { recordFacts, recordTime } from './record-facts.ts';

const record: PacketLog = {
  timestamp_ns: 1_700_000_000_123_456_789n,
  src_addr: '192.0.2.1',
  dst_addr: '192.0.2.2',
  rule_id: 0,
  ifindex: 70_000,
  length: 60,
  weight: 1,
  src_port: 40_000,
  dst_port: 443,
  ether_type: 0x0800,
  vlan_id: 0,
  ip_protocol: 6,
  tcp_flags: 2,
  action: 2,
  reason: REASONS.none,
};
const slots = new Map([[70_000, 3]]);

function facts(more: Partial<PacketLog>) {
  const bytes = new Uint8Array(3 + 64);
  bytes.set(encodePacketLog({ ...record, ...more }), 3);
  return recordFacts(bytes, 3, slots);
}

describe('the facts that a record holds for rules', () => {
  it('are complete for a plain packet', () => {
    expect(facts({})).toEqual({
      etherType: 0x0800,
      ipProtocol: 6,
      source: [0xc000_0201],
      destination: [0xc000_0202],
      destinationPort: 443,
      tcpFlags: 2,
      length: 60,
      isFragment: false,
      interfaceSlot: 3,
    });
    expect(recordTime(encodePacketLog(record), 0)).toBe(record.timestamp_ns);
  });

  it('have four words for an IPv6 address', () => {
    expect(facts({ src_addr: '2001:db8::1', ether_type: 0x86dd }).source).toEqual([0x2001_0db8, 0, 0, 1]);
  });

  it('have what conditions compare, as far as it was read', () => {
    const cut = { src_port: 0, dst_port: 0, tcp_flags: 0 };
    expect(facts({ ...cut, reason: REASONS.fragment })).toMatchObject({ isFragment: true, tcpFlags: undefined });
    expect(facts({ ...cut, src_port: 1, reason: REASONS.rule })).toMatchObject({ isFragment: false, tcpFlags: 0 });
    expect(facts({ ...cut, src_port: 1, reason: REASONS.truncated }).tcpFlags).toBeUndefined();
    expect(facts({ ...cut, ip_protocol: 17 }).tcpFlags).toBeUndefined();
    const unread = { src_addr: '::', dst_addr: '::', ip_protocol: 255, reason: REASONS.truncated };
    expect(facts(unread).destination).toBeUndefined();
    expect(facts({ ...unread, ether_type: 0x86dd }).destination).toBeUndefined();
  });

  it('have no slot for an unknown interface', () => {
    expect(facts({ ifindex: 4464 }).interfaceSlot).toBe(0);
  });

  it.each<[string, Partial<PacketLog>, number | undefined]>([
    ['an ICMP type', { ip_protocol: 1, dst_port: 2048 }, undefined],
    ['of a later fragment', { reason: REASONS.fragment, src_port: 0, dst_port: 0, tcp_flags: 0 }, undefined],
    ['cut off before the ports', { reason: REASONS.truncated, src_port: 0, dst_port: 0, tcp_flags: 0 }, undefined],
    ['cut off behind the ports', { reason: REASONS.truncated }, 443],
    ['0, read', { dst_port: 0 }, 0],
    ['both 0, read', { src_port: 0, dst_port: 0 }, 0],
    ['both 0, of a malformed header', { src_port: 0, dst_port: 0, tcp_flags: 0, reason: REASONS.malformed }, 0],
    ['both 0, and a rule decided', { src_port: 0, dst_port: 0, tcp_flags: 0, reason: REASONS.rule }, undefined],
    ['both 0, with flags, and a rule decided', { src_port: 0, dst_port: 0, reason: REASONS.rule }, 0],
    ['of a packet that a rule decided', { reason: REASONS.rule }, 443],
  ])('has a destination port only if it was read: %s', (_, more, port) => {
    expect(facts(more).destinationPort).toBe(port);
  });

  it.each<[string, Partial<PacketLog>, number[] | undefined]>([
    ['IPv4, cut off', { src_addr: '::', ip_protocol: 255, reason: REASONS.truncated }, undefined],
    ['IPv4 0.0.0.0', { src_addr: '0.0.0.0' }, [0]],
    ['IPv6, cut off', { src_addr: '::', ether_type: 0x86dd, ip_protocol: 255, reason: REASONS.truncated }, undefined],
    ['IPv6, malformed', { src_addr: '::', ether_type: 0x86dd, ip_protocol: 255, reason: REASONS.malformed }, undefined],
    [
      'IPv6 ::, as a neighbour solicitation has it',
      { src_addr: '::', ether_type: 0x86dd, ip_protocol: 58 },
      [0, 0, 0, 0],
    ],
    ['IPv6 ::, with protocol 255', { src_addr: '::', ether_type: 0x86dd, ip_protocol: 255 }, [0, 0, 0, 0]],
  ])('has a source only if it was read: %s', (_, more, source) => {
    expect(facts(more).source).toEqual(source);
  });
});
