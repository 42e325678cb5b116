import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filter, INTERFACES, nearRecord } from '../../test/support/filter.arbitrary.ts';
import { naiveMatch } from '../../test/support/filter.reference.ts';
import { ACTIONS, PACKET_LOG_SIZE } from '../record/layout.ts';
import { encodePacketLog, type PacketLog } from '../record/packet-log.ts';
import { PacketLogView } from '../record/view.ts';
import { compileFilter } from './compile.ts';
import { parseFilter } from './parse.ts';

/** Uses `this`, as a class would. */
const environment = {
  interfaces: INTERFACES,
  indexesOf(name: string) {
    return this.interfaces.get(name) ?? [];
  },
};

const tcp: PacketLog = {
  timestamp_ns: 1n,
  src_addr: '192.0.2.1',
  dst_addr: '198.51.100.2',
  rule_id: 12,
  ifindex: 2,
  length: 60,
  weight: 1,
  src_port: 40_000,
  dst_port: 443,
  ether_type: 0x0800,
  vlan_id: 10,
  ip_protocol: 6,
  tcp_flags: 2,
  action: ACTIONS.permit,
  reason: 1,
};
const ipv6: PacketLog = { ...tcp, ether_type: 0x86dd, src_addr: '2001:db8::1', dst_addr: '2001:db8:0:1::2' };
const mapped: PacketLog = { ...ipv6, src_addr: '192.0.2.1', dst_addr: '192.0.2.2' };
const arp: PacketLog = { ...tcp, ether_type: 0x0806, src_addr: '::', dst_addr: '::', ip_protocol: 255, tcp_flags: 0 };
const cutOff: PacketLog = { ...arp, ether_type: 0x0800, reason: 5 };
const cutOff6: PacketLog = { ...cutOff, ether_type: 0x86dd, src_port: 0, dst_port: 0 };
const laterFragment: PacketLog = { ...tcp, src_port: 0, dst_port: 0, tcp_flags: 0, reason: 6 };
const untagged: PacketLog = { ...tcp, vlan_id: 0 };
const priority: PacketLog = { ...tcp, vlan_id: 4096 };
const ping: PacketLog = { ...tcp, ip_protocol: 1, src_port: 0, dst_port: 8 * 256, tcp_flags: 0 };

/** At an odd offset, because socket.io's Node client puts records there. */
function lets(text: string, record: PacketLog): boolean {
  const bytes = new Uint8Array(3 + PACKET_LOG_SIZE + 5).fill(0xa5);
  encodePacketLog(record, bytes, 3);
  return compileFilter(parseFilter(text), environment)(bytes, 3);
}

describe('a compiled filter', () => {
  it.each<[string, PacketLog, boolean]>([
    ['', arp, true],
    ['all', arp, true],
    ['permit', tcp, true],
    ['deny', tcp, false],
    ['deny or permit', tcp, true],
    ['tcp', tcp, true],
    ['udp', tcp, false],
    ['proto 255', arp, true],
    ['host 192.0.2.1', tcp, true],
    ['host 198.51.100.2', tcp, true],
    ['host 192.0.2.0', tcp, false],
    ['net 192.0.2.0/31', tcp, true],
    ['net 192.0.2.2/31', tcp, false],
    ['dst 192.0.2.1', tcp, false],
    ['src net 192.0.2.0/24 and dst 198.51.100.2', tcp, true],
    ['net 0.0.0.0/0', tcp, true],
    ['net 0.0.0.0/0', ipv6, false],
    ['net 0.0.0.0/0', mapped, false],
    ['host 192.0.2.1', mapped, false],
    ['net 0.0.0.0/0', cutOff, false],
    ['net ::/0', ipv6, true],
    ['net ::/0', tcp, false],
    ['net ::/0', mapped, true],
    ['net ::/0', arp, false],
    ['net ::/0', cutOff6, false],
    ['host ::', cutOff6, false],
    ['src net ::/1', cutOff6, false],
    ['not net ::/0', cutOff6, true],
    ['net ::/0', { ...cutOff6, reason: 4 }, false],
    ['host ::', { ...ipv6, src_addr: '::', dst_addr: 'ff02::1', ip_protocol: 58 }, true],
    ['dst net ::/0', { ...ipv6, src_addr: '::', dst_addr: '::' }, true],
    ['host ::ffff:192.0.2.1', mapped, true],
    ['net ::ffff:0:0/96', tcp, false],
    ['dst net 2001:db8:0:2::/63', ipv6, false],
    ['dst net 2001:db8::/63', ipv6, true],
    ['src 2001:db8::1', ipv6, true],
    ['src 2001:db8::2', ipv6, false],
    ['port 40000', tcp, true],
    ['port 443', tcp, true],
    ['src port 443', tcp, false],
    ['src port 40000 and dst port 443', tcp, true],
    ['dst portrange 400-443', tcp, true],
    ['dst portrange 444-500', tcp, false],
    ['port 2048', ping, false],
    ['port 0', ping, false],
    ['port 0', { ...tcp, src_port: 0 }, true],
    ['portrange 0-1023', laterFragment, false],
    ['port 0', laterFragment, false],
    ['not port 0', laterFragment, true],
    ['port 0 or 1 or 2 or 3 or 4', laterFragment, false],
    ['src port 0 or 1 or 2 or 3 or 4', laterFragment, false],
    ['dst portrange 0-1023', { ...laterFragment, action: ACTIONS.deny, reason: 3 }, false],
    ['portrange 0-1023', { ...laterFragment, reason: 5 }, false],
    ['portrange 0-1023', { ...laterFragment, reason: 0 }, true],
    ['portrange 0-1023', { ...laterFragment, reason: 4 }, true],
    ['port 0', { ...laterFragment, reason: 3, tcp_flags: 2 }, true],
    ['flags none', laterFragment, false],
    ['flags none', { ...tcp, tcp_flags: 0, reason: 5 }, false],
    ['flags none', { ...tcp, tcp_flags: 0, reason: 3 }, true],
    ['not port 80', ping, true],
    ['icmp type echo-request', ping, true],
    ['icmp type 8 code 0', ping, true],
    ['icmp type 8 code 1', ping, false],
    ['icmp type 0', ping, false],
    ['icmp6 type 8', ping, false],
    ['icmp type 8', { ...tcp, dst_port: 2048 }, false],
    ['icmp type echo-reply', { ...ping, dst_port: 0 }, true],
    ['icmp type echo-reply', { ...ping, dst_port: 0, reason: 6 }, false],
    ['icmp type echo-reply', { ...ping, dst_port: 0, reason: 5 }, false],
    ['192.0.2.1:40000', tcp, true],
    ['192.0.2.1:443', tcp, false],
    ['dst 198.51.100.2:443', tcp, true],
    ['flags syn', tcp, true],
    ['flags syn', { ...tcp, tcp_flags: 0x12 }, true],
    ['flags = syn', { ...tcp, tcp_flags: 0x12 }, false],
    ['flags syn,ack', tcp, false],
    ['flags none', ping, false],
    ['flags none', { ...tcp, tcp_flags: 0 }, true],
    ['rule 12', tcp, true],
    ['rule', { ...tcp, rule_id: 0xffff_ffff }, true],
    ['rule', { ...tcp, rule_id: 0 }, false],
    ['rule > 4000000000', { ...tcp, rule_id: 0xffff_ffff }, true],
    ['vlan 10', tcp, true],
    ['vlan', arp, true],
    ['vlan', untagged, false],
    ['not vlan', untagged, true],
    ['vlan', priority, true],
    ['vlan 0', priority, true],
    ['vlan 0', untagged, false],
    ['vlan 0', tcp, false],
    ['vlan != 0', priority, false],
    ['vlan != 0', untagged, true],
    ['not vlan 0', untagged, true],
    ['vlan < 100', tcp, true],
    ['vlan < 100', priority, true],
    ['vlan < 100', untagged, false],
    ['vlan > 0', priority, false],
    ['vlan > 100', priority, false],
    ['vlan <= 4095', priority, true],
    ['not vlan < 100', untagged, true],
    ['vlan 10 and vlan', tcp, true],
    ['len > 59 and len < 61', tcp, true],
    ['len < 0', tcp, false],
    ['len <= 65535', { ...tcp, length: 65_535 }, true],
    ['weight > 1', tcp, false],
    ['iface eth0', tcp, true],
    ['iface eth1', tcp, false],
    ['iface eth1', { ...tcp, ifindex: 0xffff_fffe }, true],
    ['iface nowhere', tcp, false],
    ['not iface nowhere', tcp, true],
    ['reason rule', tcp, true],
    ['would_deny', { ...tcp, reason: 2 }, true],
  ])('%j', (text, record, wanted) => {
    expect(lets(text, record)).toBe(wanted);
  });

  it('agrees with a naive evaluation of any filter on any record', () => {
    const seen = { yes: 0, no: 0 };
    const bytes = new Uint8Array(4 * PACKET_LOG_SIZE).fill(0xa5);
    fc.assert(
      fc.property(filter, fc.array(nearRecord, { minLength: 1, maxLength: 8 }), (any, records) => {
        const matches = compileFilter(any, environment);
        for (const record of records) {
          encodePacketLog(record, bytes, 5);
          const expected = naiveMatch(any, record, INTERFACES);
          seen[expected ? 'yes' : 'no']++;
          if (matches(bytes, 5) !== expected) expect({ any, record, found: !expected }).toBe(expected);
        }
      }),
      { numRuns: 2000 },
    );
    expect(Math.min(seen.yes, seen.no)).toBeGreaterThan(1000);
  });

  it('never throws for any bytes, even too few', () => {
    fc.assert(
      fc.property(filter, fc.uint8Array({ maxLength: 200 }), fc.integer({ min: -100, max: 300 }), (any, bytes, at) => {
        expect(compileFilter(any, environment)(bytes, at)).toBeTypeOf('boolean');
      }),
      { numRuns: 1000 },
    );
  });

  it('tests a record of a view by index', () => {
    const bytes = new Uint8Array(2 * 72);
    encodePacketLog(tcp, bytes, 8);
    encodePacketLog(ping, bytes, 80);
    const view = new PacketLogView(bytes, { count: 2, stride: 72, recordOffset: 8 });
    const predicate = compileFilter(parseFilter('icmp'));
    expect([view.matches(0, predicate), view.matches(1, predicate)]).toEqual([false, true]);
    expect(() => view.matches(2, predicate)).toThrow(RangeError);
  });
});
