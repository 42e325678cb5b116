import type { PacketLog } from '@packetlog/common';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeBatch, makePacket } from '../../../test/support/samples.ts';
import { byteOf } from '../../node/rows/record-arrays.ts';
import { RecordRing } from '../../node/rows/record-ring.ts';
import { CONVERSATION_ORDERS, ConversationList } from './conversation-list.ts';
import { Conversations } from './conversations.ts';
import { ScanSerials } from './listed-scan.ts';
import { scanRow } from './scan-row.ts';
import { MAX_PROBE_ROWS } from './scans.ts';

const DST_PORT = byteOf('dst_port');

type Packets = readonly Partial<PacketLog>[];

function setUp(capacity = 2_000) {
  const ring = new RecordRing(4_096);
  const conversations = new Conversations(capacity);
  const list = new ConversationList(conversations);
  const arrive = (packets: Packets) => {
    ring.append(makeBatch(packets.map((over) => makePacket(over))));
    conversations.catchUp(ring, ring.end);
  };
  const indexes = () => [...Array(list.length).keys()];
  const textAt = (line: number) => {
    const scan = list.scanAt(line);
    if (scan !== null) return scanRow(conversations, scan, () => undefined)?.scan ?? 'gone';
    const index = list.indexAt(line);
    return index < 0 ? 'gone' : String(conversations.newest.dstPort(index));
  };
  const lines = () => indexes().map(textAt);
  /** Packets and serials of all lines, those below an expanded scan only with it. */
  const held = () => {
    let packets = 0;
    const serials: number[] = [];
    for (const line of indexes()) {
      const scan = list.scanAt(line);
      if (scan !== null) {
        packets += scanRow(conversations, scan, () => undefined)?.packets ?? 0;
        serials.push(...scan.serials);
      } else if (!list.isMember(line)) {
        packets += conversations.packets[list.indexAt(line)] as number;
        serials.push(list.serialAt(line));
      }
    }
    return { packets, serials };
  };
  return { list, arrive, lines, held, conversations, ring };
}

const scan = (count: number, from = 1, over: Partial<PacketLog> = {}): Packets =>
  Array.from({ length: count }, (_, i) => ({ dst_port: from + i, ...over }));
const CLIENT = { src_addr: '198.51.100.9', dst_port: 443 };

test('a scan is one line where it began, and opens to its conversations and closes', () => {
  const { list, arrive, lines } = setUp();
  arrive([CLIENT, ...scan(20), { ...CLIENT, dst_port: 80 }]);
  list.refresh('newest', false, 0);
  expect(lines()).toEqual(['80', 'scan: 20 ports', '443']);
  list.expand(list.serialAt(1));
  expect(lines()).toEqual([
    '80',
    'scan: 20 ports',
    ...scan(20)
      .map(({ dst_port }) => String(dst_port))
      .reverse(),
    '443',
  ]);
  expect([list.isMember(1), list.isMember(2), list.isMember(22)]).toEqual([false, true, false]);
  expect([list.length, list.topLength]).toEqual([23, 3]);
  list.expand(null);
  expect(lines()).toEqual(['80', 'scan: 20 ports', '443']);
});

test('a scan keeps its place and serial number while it grows', () => {
  const { list, arrive, lines } = setUp();
  arrive([...scan(20), CLIENT]);
  list.refresh('newest', false, 0);
  const serial = list.serialAt(1);
  arrive(scan(20, 21));
  list.refresh('newest', false, 250);
  expect(lines()).toEqual(['443', 'scan: 40 ports']);
  expect(list.serialAt(1)).toBe(serial);
});

test('held lines do not move: a scan grows in place, and only other lines are newcomers', () => {
  const { list, arrive, lines, held } = setUp();
  arrive([...scan(20), CLIENT]);
  list.refresh('newest', false, 0);
  arrive([...scan(10, 21), { ...CLIENT, dst_port: 80 }, ...scan(30, 1, { src_addr: '10.0.0.1' })]);
  for (const _ of [1, 2]) {
    expect(list.refresh('newest', true, 250)).toBe(false);
    expect(lines()).toEqual(['443', 'scan: 30 ports']);
    // A conversation, and the scan of another source.
    expect(list.newcomers).toBe(2);
    expect(held().packets).toBe(31);
  }
  list.refresh('newest', false, 500);
  expect(lines()).toEqual(['scan: 30 ports', '80', '443', 'scan: 30 ports']);
  expect(held().packets).toBe(62);
});

test('what joined a held scan is a newcomer again when the scan is none any more', () => {
  const { list, arrive, lines } = setUp();
  arrive(scan(16));
  list.refresh('newest', false, 0);
  arrive(scan(1, 17));
  list.refresh('newest', true, 250);
  expect([lines(), list.newcomers]).toEqual([['scan: 17 ports'], 0]);
  for (let i = 0; i < MAX_PROBE_ROWS; i++) arrive(scan(2, 1, { tcp_flags: 0x10 }));
  list.refresh('newest', true, 500);
  // The lines that were held stay, with their packets.
  expect([lines(), list.newcomers]).toEqual([['scan: 16 ports'], 1]);
  list.refresh('newest', false, 750);
  expect(lines()).toHaveLength(17);
});

test('a server that answers many clients is no scan', () => {
  const { list, arrive, lines } = setUp();
  arrive(Array.from({ length: 20 }, (_, i) => ({ src_port: 443, dst_port: 50_000 + i, dst_addr: `10.0.0.${i}` })));
  list.refresh('newest', false, 0);
  expect(lines()).toHaveLength(20);
});

test('a scan keeps its serial number and beginning until it is forgotten', () => {
  const serials = new ScanSerials();
  const first = { ...serials.of('a', [4, 3]) };
  expect(first.beganAt).toBe(3);
  // Its first conversation was evicted.
  expect(serials.of('a', [5, 4])).toEqual(first);
  expect(serials.of('b', [6]).serial).not.toBe(first.serial);
  serials.retain([{ kind: 'ports', key: 'b', probes: [] }]);
  expect(serials.of('a', [5]).serial).toBeLessThan(first.serial);
});

test('below an open scan, new conversations are newcomers, and its line counts them', () => {
  const { list, arrive, lines } = setUp();
  arrive(scan(20));
  list.refresh('newest', false, 0);
  list.expand(list.serialAt(0));
  arrive(scan(5, 21));
  list.refresh('newest', true, 250);
  expect(list.newcomers).toBe(5);
  expect([list.length, lines()[0]]).toEqual([21, 'scan: 25 ports']);
});

test('a port that gets more packets leaves the scan', () => {
  const { list, arrive, lines } = setUp();
  arrive([...scan(20), ...Array<Partial<PacketLog>>(9).fill({ dst_port: 7, tcp_flags: 0x10 })]);
  list.refresh('newest', false, 0);
  expect(lines()).toEqual(['7', 'scan: 19 ports']);
});

test('a filter that excludes an open scan closes it', () => {
  const { list, arrive, ring, conversations } = setUp();
  arrive([...scan(20), CLIENT]);
  list.refresh('newest', false, 0);
  list.expand(list.serialAt(1));
  ring.retain((bytes, at) => bytes[at + DST_PORT] === (443 & 0xff));
  conversations.catchUp(ring, ring.end);
  list.refresh('newest', true, 250);
  expect([list.length, list.expanded]).toEqual([1, null]);
});

test('a scan whose conversations were all evicted while lines were held is gone; a later list says that some are missing', () => {
  const { list, arrive, lines } = setUp(40);
  arrive(scan(20));
  list.refresh('newest', false, 0);
  arrive(scan(40, 1_000, { src_addr: '10.0.0.1' }));
  list.refresh('newest', true, 250);
  expect(lines()).toEqual(['gone']);
  list.refresh('newest', false, 500);
  expect(lines()).toEqual(['scan: 40+ ports']);
});

test('lines have all packets and each conversation once, held or not, in every order, and the same twice', () => {
  const packet = fc.record({
    src_addr: fc.constantFrom('203.0.113.7', '2001:db8::7'),
    dst_addr: fc.constantFrom('198.51.100.1', '198.51.100.2'),
    dst_port: fc.integer({ min: 1, max: 24 }),
    ip_protocol: fc.constantFrom(6, 17),
    tcp_flags: fc.constantFrom(0x02, 0x02, 0x02, 0x10),
    action: fc.constantFrom(1, 2),
    weight: fc.constantFrom(1, 8),
  });
  const packets = (minLength: number) => fc.array(packet, { minLength, maxLength: 300, size: 'max' });
  let scans = 0;
  fc.assert(
    fc.property(packets(150), packets(0), fc.constantFrom(...CONVERSATION_ORDERS), (before, after, order) => {
      const { list, arrive, held, conversations } = setUp();
      const weight = (all: Packets) => all.reduce((sum, each) => sum + (each.weight ?? 0), 0);
      const everySerial = () => [...conversations.serial.subarray(0, conversations.size)];
      const check = () => {
        const { packets, serials } = held();
        expect(packets).toBe(weight(before) + (list.newcomers === 0 ? weight(after) : 0));
        expect(serials.sort((a, b) => a - b)).toEqual(everySerial());
      };
      arrive(before);
      list.refresh(order, false, 0);
      expect(held().packets).toBe(weight(before));
      expect(held().serials.sort((a, b) => a - b)).toEqual(everySerial());
      arrive(after);
      list.refresh(order, true, 250);
      // Held, each conversation is at most in one line.
      const { serials } = held();
      expect(new Set(serials).size).toBe(serials.length);
      if (list.newcomers === 0) check();
      list.refresh(order, false, 9_000);
      check();
      const lines = () => Array.from({ length: list.length }, (_, line) => list.serialAt(line));
      const once = lines();
      scans += once.filter((serial) => serial < 0).length;
      list.refresh(order, false, 99_000);
      expect(lines()).toEqual(once);
    }),
  );
  // Otherwise nothing was tested.
  expect(scans).toBeGreaterThan(0);
});
