import { type PacketLog, parseFilter } from '@packetlog/common';
import { expect, test } from 'vitest';
import { makeBatch, makePacket } from '../../../test/support/samples.ts';
import { RecordRing } from '../../node/rows/record-ring.ts';
import { endpointText } from '../../text/row-text.ts';
import { ConversationList } from './conversation-list.ts';
import { Conversations } from './conversations.ts';
import { scanRow } from './scan-row.ts';

const START = 1_767_362_602_000_000_000n;

/** Returns the texts of the only scan among these packets. */
function rowOf(packets: readonly Partial<PacketLog>[]) {
  const ring = new RecordRing(1024);
  ring.append(makeBatch(packets.map((over) => makePacket(over))));
  const conversations = new Conversations(1_000);
  conversations.catchUp(ring, ring.end);
  const list = new ConversationList(conversations);
  list.refresh('newest', false, 0);
  const scan = list.scanAt(0);
  if (scan === null) throw new Error('no scan');
  const row = scanRow(conversations, scan, () => 'eth0');
  if (row === null) throw new Error('no row');
  const { src, dst, service, protocol, time } = row.packet;
  return { ...row, ends: `${endpointText(src)} ${endpointText(dst)}`, service, protocol, time };
}

const ports = (count: number, over: (i: number) => Partial<PacketLog> = () => ({})) =>
  rowOf(
    Array.from({ length: count }, (_, i) => ({
      dst_port: i + 1,
      timestamp_ns: START + BigInt(i) * 1_000_000n,
      ...over(i),
    })),
  );

test('a port scan has the addresses, the number of ports, and sums', () => {
  const row = ports(412, (i) => ({ src_port: 40_000 + i, weight: i === 0 ? 8 : 1, length: 60 }));
  expect(row).toMatchObject({
    ends: '203.0.113.7:* 198.51.100.1:*',
    protocol: 'TCP',
    scan: 'scan: 412 ports',
    count: '×419 in 0.4 s',
    packets: 419,
    bytes: '25.1\u00a0kB',
    note: '',
    verdicts: ['permit'],
    service: '',
    time: '14:03:22.411',
    filter: 'src host 203.0.113.7 and dst host 198.51.100.1 and tcp',
  });
  expect(() => parseFilter(row.filter)).not.toThrow();
});

test('a sweep has the port, and the number of addresses', () => {
  const row = rowOf(Array.from({ length: 90 }, (_, i) => ({ dst_addr: `198.51.100.${i}`, src_port: 40_000 })));
  expect(row).toMatchObject({
    ends: '203.0.113.7:40000 *:22',
    service: 'ssh',
    scan: 'scan: 90 addresses',
    filter: 'src host 203.0.113.7 and tcp and dst port 22',
  });
  expect(() => parseFilter(row.filter)).not.toThrow();
});

test('a sweep over IPv6 has no brackets around *, and a ping sweep no port', () => {
  const six = Array.from({ length: 16 }, (_, i) => ({ dst_addr: `2001:db8::${i}`, src_addr: '2001:db8::9:9' }));
  expect(rowOf(six).ends).toBe('[2001:db8::9:9]:50211 *:22');
  const pings = { ip_protocol: 1, src_port: 0, dst_port: 8 << 8, tcp_flags: 0 };
  expect(rowOf(Array.from({ length: 16 }, (_, i) => ({ ...pings, dst_addr: `10.0.0.${i}` })))).toMatchObject({
    ends: '203.0.113.7 *',
    scan: 'scan: 16 addresses',
    filter: 'src host 203.0.113.7 and icmp',
  });
});

test('a reason that all packets share is shown; different verdicts are counted, the most severe first', () => {
  expect(ports(20, () => ({ action: 1, reason: 1, rule_id: 2 })).note).toBe('rule 2');
  expect(ports(20, (i) => ({ action: 1, reason: 1, rule_id: (i % 2) + 1 })).note).toBe('');
  const mixed = ports(20, (i) => (i < 15 ? { action: 1, reason: 1, rule_id: 2, weight: 100 } : {}));
  expect([mixed.note, mixed.verdicts]).toEqual(['1,500 denied, 5 permitted', ['deny', 'permit']]);
});
