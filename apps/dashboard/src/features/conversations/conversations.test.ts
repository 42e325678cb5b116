import type { PacketLog } from '@packetlog/common';
import { expect, test } from 'vitest';
import { makeBatch, makePacket } from '../../../test/support/samples.ts';
import { appendMarker } from '../../node/rows/marker.ts';
import { RecordRing } from '../../node/rows/record-ring.ts';
import { Conversations } from './conversations.ts';

const SECOND = 1_000_000_000n;
const START = 1_767_362_602_000_000_000n;

function ringWith(packets: readonly Partial<PacketLog>[], capacity = 64): RecordRing {
  const ring = new RecordRing(capacity);
  ring.append(makeBatch(packets.map((over) => makePacket(over))));
  return ring;
}

function grouped(packets: readonly Partial<PacketLog>[], capacity = 16): Conversations {
  const conversations = new Conversations(capacity);
  const ring = ringWith(packets);
  conversations.catchUp(ring, ring.end);
  return conversations;
}

const places = (conversations: Conversations) => [...Array(conversations.size).keys()];
const counts = (conversations: Conversations) => places(conversations).map((index) => conversations.packets[index]);

test('many connections of one host to one service are one row with sums and a duration', () => {
  const conversations = grouped([
    { timestamp_ns: START, src_port: 40_000, tcp_flags: 0x02, length: 60 },
    { timestamp_ns: START + SECOND / 2n, src_port: 40_000, tcp_flags: 0x10, length: 100, weight: 8 },
    { timestamp_ns: START + SECOND, src_port: 40_001, tcp_flags: 0x04, length: 60 },
  ]);
  expect(counts(conversations)).toEqual([10]);
  expect(conversations.bytes[0]).toBe(60 + 800 + 60);
  expect(conversations.flags[0]).toBe(0x16);
  expect((conversations.lastMs[0] ?? 0) - (conversations.firstMs[0] ?? 0)).toBe(1_000);
  expect([conversations.manySourcePorts[0], conversations.manyDestinationPorts[0]]).toEqual([1, 0]);
  expect(conversations.newest.srcPort(0)).toBe(40_001);
});

test.each<[string, Partial<PacketLog>]>([
  ['source', { src_addr: '203.0.113.8' }],
  ['destination', { dst_addr: '198.51.100.2' }],
  ['service port', { dst_port: 23 }],
  ['protocol', { ip_protocol: 17 }],
  ['action', { action: 1 }],
  ['reason', { reason: 2 }],
  ['kind of frame', { ether_type: 0x0806 }],
])('another %s is another conversation', (_, over) => {
  expect(counts(grouped([{}, over, {}, over, over]))).toEqual([2, 3]);
});

test('replies are grouped by their source port', () => {
  const answer = { src_port: 443, ip_protocol: 6 };
  const conversations = grouped([
    { ...answer, dst_port: 40_000 },
    { ...answer, dst_port: 50_000 },
    // Not a reply, although the port numbers are the same.
    { src_port: 50_000, dst_port: 443 },
  ]);
  expect(counts(conversations)).toEqual([2, 1]);
  expect(conversations.manyDestinationPorts[0]).toBe(1);
});

test('ICMP is grouped by type and code, not by ports, which it does not have', () => {
  const ping = { ip_protocol: 1, src_port: 0, tcp_flags: 0 };
  expect(
    counts(
      grouped([
        { ...ping, dst_port: 8 << 8 },
        { ...ping, dst_port: 0 },
        { ...ping, dst_port: 8 << 8 },
      ]),
    ),
  ).toEqual([2, 1]);
});

test('each row is counted once, and markers are not counted', () => {
  const ring = ringWith([{}, {}]);
  const conversations = new Conversations(16);
  conversations.catchUp(ring, 1);
  expect(counts(conversations)).toEqual([1]);
  appendMarker(ring, { kind: 'lost', at_ms: 1, rows: 2, span_ms: 0 });
  ring.append(makeBatch([makePacket()]));
  for (let i = 0; i < 3; i++) conversations.catchUp(ring, ring.end);
  expect(counts(conversations)).toEqual([3]);
});

test('after a filter change the remaining rows are counted again', () => {
  const ring = ringWith([{}, { dst_port: 80 }, {}]);
  const conversations = new Conversations(16);
  conversations.catchUp(ring, ring.end);
  let row = 0;
  ring.retain(() => row++ !== 1);
  conversations.catchUp(ring, ring.end);
  expect(counts(conversations)).toEqual([2]);
});

test('a flood of single packets evicts itself, not returning conversations; the sum adds up', () => {
  const crowd = Array.from({ length: 500 }, (_, i) => ({ src_addr: `10.0.${i >> 8}.${i & 255}` }));
  const packets = crowd.flatMap((one, i) => (i % 10 === 0 ? [one, {}] : [one]));
  const conversations = new Conversations(16);
  const ring = ringWith(packets, 1024);
  conversations.catchUp(ring, ring.end);
  expect(conversations.size).toBe(16);
  expect(conversations.evicted).toBe(501 - 16);
  const steady = places(conversations).filter((index) => conversations.newest.srcAddr(index) === '203.0.113.7');
  expect(steady.map((index) => conversations.packets[index])).toEqual([50]);
  // No conversation is listed twice.
  const addresses = places(conversations).map((index) => conversations.newest.srcAddr(index));
  expect(new Set(addresses).size).toBe(16);
});

test('rows that left the ring between two updates are counted as missed, rows before the first update are not', () => {
  const rows = (count: number) => makeBatch(Array.from({ length: count }, () => makePacket({})));
  const ring = new RecordRing(8);
  ring.append(rows(20));
  const conversations = new Conversations(16);
  conversations.catchUp(ring, ring.end);
  expect([counts(conversations), conversations.missed]).toEqual([[8], 0]);
  ring.append(rows(8));
  conversations.catchUp(ring, ring.end);
  expect([counts(conversations), conversations.missed]).toEqual([[16], 0]);
  ring.append(rows(11));
  conversations.catchUp(ring, ring.end);
  expect([counts(conversations), conversations.missed]).toEqual([[24], 3]);
  conversations.clear();
  conversations.catchUp(ring, ring.end);
  expect([counts(conversations), conversations.missed]).toEqual([[8], 0]);
});

test('a conversation on the screen is not evicted', () => {
  const ring = ringWith([{ src_addr: '10.9.9.9' }], 1024);
  const conversations = new Conversations(16);
  conversations.catchUp(ring, ring.end);
  conversations.touch(0);
  ring.append(makeBatch(Array.from({ length: 200 }, (_, i) => makePacket({ src_addr: `10.0.0.${i}` }))));
  conversations.catchUp(ring, ring.end);
  expect(conversations.newest.srcAddr(0)).toBe('10.9.9.9');
});

test('a line without a conversation on the screen protects nothing', () => {
  const conversations = new Conversations(1);
  const ring = ringWith([{ dst_port: 1 }]);
  conversations.catchUp(ring, ring.end);
  conversations.touch(-1);
  conversations.touch(0);
  ring.append(makeBatch([makePacket({ dst_port: 2 })]));
  conversations.catchUp(ring, ring.end);
  expect([conversations.newest.dstPort(0), conversations.evicted]).toEqual([2, 1]);
});

test('a conversation opens to its newest rows', () => {
  const ring = ringWith([{}, { dst_port: 80 }, { src_port: 1 }, { dst_port: 80 }, {}]);
  const conversations = new Conversations(16);
  conversations.catchUp(ring, ring.end);
  expect(conversations.rowsOf(0, ring, ring.end, 2)).toEqual([4, 2]);
  expect(conversations.rowsOf(1, ring, 3, 9)).toEqual([1]);
});
