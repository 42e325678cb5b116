import { encodePacketLog, hasPorts, type PacketLog } from '@packetlog/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packet as base } from '../../test/support/records.ts';
import { Tally } from './tally.ts';

/** Records as they lie in a ring (72, 8) or back to back (64, 0). */
function memoryOf(records: readonly PacketLog[], stride: number, offset: number): Uint8Array {
  const memory = new Uint8Array(records.length * stride).fill(0xee);
  for (const [i, record] of records.entries()) encodePacketLog(record, memory, i * stride + offset);
  return memory;
}

function tallied(records: readonly PacketLog[], stride = 72, offset = 8) {
  const tally = new Tally();
  tally.add(memoryOf(records, stride, offset), offset, records.length, stride);
  return tally.take();
}

/** The sums by key, most packets first; no more than ten, so the tests use fewer keys. */
function sums<Key>(records: readonly PacketLog[], keyOf: (record: PacketLog) => Key | undefined) {
  const totals = new Map<string, Key & { packets: number; bytes: number }>();
  for (const record of records) {
    const key = keyOf(record);
    if (key === undefined) continue;
    const text = JSON.stringify(key);
    const total = totals.get(text) ?? { ...key, packets: 0, bytes: 0 };
    total.packets += record.weight;
    total.bytes += record.weight * record.length;
    totals.set(text, total);
  }
  return new Set(totals.values());
}

const record: fc.Arbitrary<PacketLog> = fc
  .record({
    dst_addr: fc.constantFrom('192.0.2.2', '2001:db8::2'),
    src_addr: fc.constantFrom('192.0.2.1', '192.0.2.9', '2001:db8::1', '::', 'ff02::fb'),
    dst_port: fc.constantFrom(0, 53, 443, 65_535),
    ip_protocol: fc.constantFrom(6, 17, 1, 255),
    ether_type: fc.constantFrom(0x0800, 0x0806, 0x88cc),
    length: fc.nat(65_535),
    weight: fc.constantFrom(1, 2, 1000),
  })
  .map((some) => ({ ...base, ...some }));

describe('Tally', () => {
  it.each([
    [72, 8],
    [64, 0],
  ])('sums records at stride %d and offset %d like a Map', (stride, offset) => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 60 }), (records) => {
        const summary = tallied(records, stride, offset);
        const isIp = ({ ip_protocol }: PacketLog) => ip_protocol !== 255;
        expect(summary.records).toBe(records.length);
        expect(summary.evicted).toBe(0);
        expect(new Set(summary.by_protocol)).toEqual(
          sums(records, (r) => ({ ip_protocol: r.ip_protocol, ether_type: isIp(r) ? 0 : r.ether_type })),
        );
        expect(new Set(summary.top_sources)).toEqual(
          sums(records, (r) => (isIp(r) ? { addr: r.src_addr } : undefined)),
        );
        expect(new Set(summary.top_ports)).toEqual(
          sums(records, (r) =>
            hasPorts(r.ip_protocol) && r.dst_port !== 0 ? { ip_protocol: r.ip_protocol, port: r.dst_port } : undefined,
          ),
        );
        expect(new Set(summary.top_pairs)).toEqual(
          sums(records, (r) => (isIp(r) ? { src_addr: r.src_addr, dst_addr: r.dst_addr } : undefined)),
        );
        expect(summary.max_weight).toBe(Math.max(1, ...records.map(({ weight }) => weight)));
      }),
    );
  });

  it('lists the ten with most packets', () => {
    const records = Array.from({ length: 30 }, (_, i) => ({
      ...base,
      src_addr: `192.0.2.${i}`,
      weight: 1 + i,
      dst_port: 1 + i,
    }));
    const { top_sources, top_ports } = tallied(records);
    expect(top_sources.map(({ addr }) => addr)).toEqual(Array.from({ length: 10 }, (_, i) => `192.0.2.${29 - i}`));
    expect(top_ports.map(({ port }) => port)).toEqual(Array.from({ length: 10 }, (_, i) => 30 - i));
  });

  it('adds up protocols since the start, all of them', () => {
    const tally = new Tally();
    const protocols = Array.from({ length: 40 }, (_, ip_protocol) => ip_protocol);
    const records = [
      ...protocols.map((ip_protocol) => ({ ...base, ip_protocol, weight: 3, length: 100 })),
      ...[0x0806, 0x88cc].map((ether_type) => ({ ...base, ip_protocol: 255, ether_type, weight: 1, length: 60 })),
    ];
    expect(tally.protocols()).toEqual([]);
    for (const _ of [1, 2]) {
      tally.add(memoryOf(records, 72, 8), 8, records.length, 72);
      expect(tally.take().by_protocol).toHaveLength(10);
    }
    const sums = tally.protocols().sort((a, b) => a.ip_protocol - b.ip_protocol);
    expect(sums).toEqual([
      ...protocols.map((ip_protocol) => ({ ip_protocol, packets: 6, bytes: 600 })),
      { ip_protocol: 255, packets: 4, bytes: 240 },
    ]);
  });

  it('starts empty after each interval', () => {
    const tally = new Tally();
    const memory = memoryOf([base, base], 72, 8);
    tally.add(memory, 8, 2, 72);
    expect(tally.take().records).toBe(2);
    expect(tally.take()).toEqual({
      records: 0,
      max_weight: 1,
      by_protocol: [],
      top_sources: [],
      top_ports: [],
      top_pairs: [],
      evicted: 0,
    });
    // The same memory with other records in it, as in a ring.
    memory.set(memoryOf([{ ...base, src_addr: '198.51.100.1' }], 72, 8));
    tally.add(memory, 8, 1, 72);
    expect(tally.take().top_sources).toEqual([{ addr: '198.51.100.1', packets: 1, bytes: 100 }]);
  });

  it('keeps every port of a scan, and reports sources and pairs that did not fit', () => {
    const scan = Array.from({ length: 60_000 }, (_, i) => ({ ...base, dst_port: i + 1 }));
    expect(tallied(scan)).toMatchObject({ records: 60_000, evicted: 0 });
    const pairs = Array.from({ length: 17_000 }, (_, i) => ({ ...base, dst_addr: `10.1.${i >> 8}.${i & 255}` }));
    const summary = tallied(pairs);
    // The first sixteen destinations have a place; the source still has all its packets.
    expect(summary.evicted).toBe(17_000 - 16);
    expect(summary.top_pairs).toHaveLength(10);
    expect(summary.top_sources).toEqual([{ addr: '192.0.2.1', packets: 17_000, bytes: 1_700_000 }]);
  });

  it('stays exact for tracked sources when thousands of sources and some destinations do not fit', () => {
    const tally = new Tally();
    for (const second of [1, 2]) {
      // Every address arrives several times, in an order that mixes those with a number and those without.
      const records = Array.from({ length: 30_000 }, (_, i) => {
        const source = (i * 7919 * second) % 9973;
        const destination = i % 23;
        return {
          ...base,
          src_addr: `10.${second}.${source >> 8}.${source & 255}`,
          dst_addr: `192.0.2.${destination}`,
          weight: 1 + (source % 50 === 0 ? source : i % 3),
        };
      });
      const firsts = (addresses: readonly string[], room: number) => new Set([...new Set(addresses)].slice(0, room));
      const sources = firsts(
        records.map(({ src_addr }) => src_addr),
        8192,
      );
      const destinations = firsts(
        records.map(({ dst_addr }) => dst_addr),
        16,
      );
      const hasRoom = (r: PacketLog) => sources.has(r.src_addr) && destinations.has(r.dst_addr);
      const top = (totals: Iterable<{ packets: number }>) =>
        [...totals].sort((a, b) => b.packets - a.packets).slice(0, 10);

      const memory = memoryOf(records, 64, 0);
      for (let i = 0; i < records.length; i += 1000) tally.add(memory, i * 64, 1000, 64);
      const { evicted, top_sources, top_pairs } = tally.take();
      expect(evicted).toBe(records.reduce((sum, r) => sum + (hasRoom(r) ? 0 : r.weight), 0));
      expect([new Set(records.map(({ src_addr }) => src_addr)).size, destinations.size]).toEqual([9973, 16]);
      expect(top_sources).toEqual(
        top(sums(records, (r) => (sources.has(r.src_addr) ? { addr: r.src_addr } : undefined))),
      );
      const pairs = top(
        sums(records, (r) => (hasRoom(r) ? { src_addr: r.src_addr, dst_addr: r.dst_addr } : undefined)),
      );
      expect(top_pairs.map(({ packets }) => packets)).toEqual(pairs.map(({ packets }) => packets));
    }
  });

  it('counts the packets of sources that do not fit', () => {
    const records = Array.from({ length: 8200 }, (_, i) => ({
      ...base,
      src_addr: `10.0.${i >> 8}.${i & 255}`,
      weight: 2,
    }));
    expect(tallied(records)).toMatchObject({ records: 8200, evicted: 2 * (8200 - 8192) });
  });
});
