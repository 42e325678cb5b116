import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packetLog } from '../../test/support/packet-log.arbitrary.ts';
import { SAMPLE } from '../../test/support/packet-log.sample.ts';
import { BatchFormatError } from './batch-error.ts';
import { encodePacketLog, type PacketLog } from './packet-log.ts';
import { PacketLogView, type RecordShape } from './view.ts';

/** Writes records with the given shape, and 0xee everywhere else. */
function layOut(records: readonly PacketLog[], shape: Omit<RecordShape, 'count'>, spare = 0): Uint8Array {
  const { stride, recordOffset, start = 0 } = shape;
  const bytes = new Uint8Array(start + records.length * stride + spare).fill(0xee);
  records.forEach((record, i) => {
    encodePacketLog(record, bytes, start + i * stride + recordOffset);
  });
  return bytes;
}

/** Copies the bytes into the middle of another buffer, so that nothing is aligned. */
function atByteOffset(bytes: Uint8Array, byteOffset: number): Uint8Array {
  const whole = new Uint8Array(byteOffset + bytes.length + 3);
  whole.set(bytes, byteOffset);
  return whole.subarray(byteOffset, byteOffset + bytes.length);
}

const plain: PacketLog = { ...SAMPLE, action: 2, reason: 0 };

const dense = { stride: 64, recordOffset: 0 };
const one = new PacketLogView(encodePacketLog(plain), { count: 1, ...dense });

describe('PacketLogView', () => {
  it.each([
    { stride: 64, recordOffset: 0, start: 0 },
    { stride: 72, recordOffset: 8, start: 0 },
    { stride: 64, recordOffset: 0, start: 64 },
    { stride: 72, recordOffset: 8, start: 13 },
  ])('reads every record at stride $stride, offset $recordOffset, start $start, at any alignment', (shape) => {
    fc.assert(
      fc.property(fc.array(packetLog, { maxLength: 6 }), fc.nat({ max: 9 }), (records, byteOffset) => {
        const bytes = atByteOffset(layOut(records, shape, 5), byteOffset);
        expect([...new PacketLogView(bytes, { count: records.length, ...shape })]).toEqual(records);
      }),
      { numRuns: 200 },
    );
  });

  it('has an accessor for every field', () => {
    expect({
      timestamp_ns: one.timestampNs(0),
      src_addr: one.srcAddr(0),
      dst_addr: one.dstAddr(0),
      rule_id: one.ruleId(0),
      ifindex: one.ifindex(0),
      length: one.frameLength(0),
      weight: one.weight(0),
      src_port: one.srcPort(0),
      dst_port: one.dstPort(0),
      ether_type: one.etherType(0),
      vlan_id: one.vlanId(0),
      ip_protocol: one.ipProtocol(0),
      tcp_flags: one.tcpFlags(0),
      action: one.action(0),
      reason: one.reason(0),
    }).toEqual(plain);
  });

  it('returns milliseconds, precise to a quarter of a microsecond', () => {
    expect(Math.abs(one.timestampMs(0) - (1_700_000_000_123 + 0.456789))).toBeLessThanOrEqual(0.00025);
    expect(new Date(one.timestampMs(0)).toISOString()).toBe('2023-11-14T22:13:20.123Z');
  });

  it('distinguishes addresses that share a slot of the text cache', () => {
    const records = Array.from({ length: 5000 }, (_, i) => ({
      ...plain,
      src_addr: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`,
      dst_addr: `2001:db8::${(i + 1).toString(16)}`,
    }));
    const view = new PacketLogView(layOut(records, dense), { count: records.length, ...dense });
    for (const round of [1, 2]) {
      const read = records.map((_, i) => [view.srcAddr(i), view.dstAddr(i)]);
      expect(read, `round ${round}`).toEqual(records.map(({ src_addr, dst_addr }) => [src_addr, dst_addr]));
    }
  });

  it.each([
    [0x0800, true],
    [0x86dd, true],
    [0x0806, false],
    [0, false],
  ])('knows whether EtherType %d is IP: %s', (ether_type, expected) => {
    const view = new PacketLogView(encodePacketLog({ ...plain, ether_type }), { count: 1, ...dense });
    expect(view.isIp(0)).toBe(expected);
  });

  it.each([-1, 1, 0.5, Number.NaN, 2 ** 32, Number.POSITIVE_INFINITY])('rejects record %d of one', (i) => {
    expect(() => one.srcPort(i)).toThrow(RangeError);
    expect(() => one.srcAddr(i)).toThrow(RangeError);
    expect(() => one.timestampMs(i)).toThrow(RangeError);
    expect(() => one.decode(i)).toThrow(RangeError);
    expect(() => one.copyRecord(i, new Uint8Array(64), 0)).toThrow(RangeError);
  });

  it('copies a record as its 64 bytes', () => {
    const shape = { stride: 72, recordOffset: 8 };
    const view = new PacketLogView(layOut([plain, { ...plain, src_port: 1 }], shape), { count: 2, ...shape });
    const target = new Uint8Array(70).fill(0xaa);
    view.copyRecord(1, target, 3);
    expect(target.subarray(3, 67)).toEqual(encodePacketLog({ ...plain, src_port: 1 }));
    expect([...target.subarray(0, 3), ...target.subarray(67)]).toEqual(Array(6).fill(0xaa));
    expect(() => view.copyRecord(0, target, 7)).toThrow(RangeError);
  });

  it('shows changes of the bytes that it views', () => {
    const bytes = encodePacketLog(plain);
    const view = new PacketLogView(bytes, { count: 1, ...dense });
    const kept = view.decode(0);
    encodePacketLog({ ...plain, dst_port: 80 }, bytes);
    expect([view.dstPort(0), kept.dst_port]).toEqual([80, 443]);
  });

  it('reads shared memory', () => {
    const bytes = new Uint8Array(new SharedArrayBuffer(64));
    encodePacketLog(plain, bytes);
    expect(new PacketLogView(bytes, { count: 1, ...dense }).decode(0)).toEqual(plain);
  });

  it.each([
    ['short', { count: 2, stride: 64, recordOffset: 0 }],
    ['short', { count: 1, stride: 64, recordOffset: 0, start: 1 }],
    ['shape', { count: 1, stride: 63, recordOffset: 0 }],
    ['shape', { count: 1, stride: 64, recordOffset: 8 }],
    ['shape', { count: -1, stride: 64, recordOffset: 0 }],
    ['shape', { count: 0.5, stride: 64, recordOffset: 0 }],
    ['shape', { count: 1, stride: 64, recordOffset: 0, start: -64 }],
    ['shape', { count: 1, stride: Number.NaN, recordOffset: 0 }],
  ] as const)('rejects 64 bytes as %s: %j', (code, shape) => {
    const make = () => new PacketLogView(new Uint8Array(64), shape);
    expect(make).toThrow(BatchFormatError);
    expect(make).toThrow(expect.objectContaining({ code }));
  });
});
