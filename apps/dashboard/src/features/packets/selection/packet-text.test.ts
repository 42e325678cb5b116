import { expect, test } from 'vitest';
import { makeBatch, makePacket } from '../../../../test/support/samples.ts';
import { packetRow } from '../../../text/row-text.ts';
import { packetJson, packetLine } from './packet-text.ts';

const TIME = 1_900_000_000_118_493_001n;

function lineOf(changes: Parameters<typeof makePacket>[0]): string {
  const batch = makeBatch([makePacket({ timestamp_ns: TIME, ...changes })]);
  return packetLine(
    packetRow(batch, 0, () => 'eth0'),
    batch.timestampNs(0),
  );
}

test('a packet is one line with its unusual values', () => {
  const tcp = { src_addr: '203.0.113.7', dst_addr: '2001:db8::1', ip_protocol: 6, tcp_flags: 2, length: 74 };
  const ports = { src_port: 50_211, dst_port: 22 };
  expect(
    lineOf({ ...tcp, ...ports, ether_type: 0x86dd, action: 1, reason: 1, rule_id: 7, vlan_id: 10, weight: 4 }),
  ).toBe(
    '2030-03-17T17:46:40.118493001Z deny 203.0.113.7:50211 -> [2001:db8::1]:22 TCP SYN, 74 bytes, on eth0 vlan 10, rule 7, 1 of 4',
  );
});

test('a frame that is not IP is a line without addresses', () => {
  const arp = {
    ether_type: 0x0806,
    ip_protocol: 255,
    src_addr: '::',
    dst_addr: '::',
    reason: 8,
    action: 2,
    length: 60,
  };
  expect(lineOf({ ...arp, src_port: 0, dst_port: 0, tcp_flags: 0, vlan_id: 0, weight: 1, rule_id: 0 })).toBe(
    '2030-03-17T17:46:40.118493001Z permit ARP, 60 bytes, on eth0, not IP',
  );
});

test('as JSON a packet has every field of the record', () => {
  const batch = makeBatch([makePacket({ timestamp_ns: TIME, src_addr: '203.0.113.7' })]);
  const text = packetJson(batch, 0, 'eth0');
  expect(JSON.parse(text)).toMatchObject({ timestamp_ns: String(TIME), src_addr: '203.0.113.7', interface: 'eth0' });
  expect(text.split('\n').length).toBeGreaterThan(15);
});

test('as JSON an ICMP packet has type and code, and no ports', () => {
  const echoRequest = makePacket({ ip_protocol: 1, src_port: 0, dst_port: 8 << 8, tcp_flags: 0 });
  const object = JSON.parse(packetJson(makeBatch([echoRequest]), 0, 'eth0')) as object;
  expect(object).toMatchObject({ icmp_type: 8, icmp_code: 0, ip_protocol: 1 });
  expect(object).not.toHaveProperty('dst_port');
  expect(object).not.toHaveProperty('src_port');
});
