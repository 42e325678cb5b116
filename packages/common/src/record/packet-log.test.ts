import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packetLog } from '../../test/support/packet-log.arbitrary.ts';
import { AddressError } from '../address/address.ts';
import { FIELD_BYTES, PACKET_LOG_FIELDS, PACKET_LOG_SIZE } from './layout.ts';
import { encodePacketLog, type PacketLog } from './packet-log.ts';
import { PacketLogView } from './view.ts';

const record: PacketLog = {
  timestamp_ns: 0x0102030405060708n,
  src_addr: '192.0.2.1',
  dst_addr: '2001:db8::2',
  rule_id: 0x11121314,
  ifindex: 0x21222324,
  length: 0x3132,
  weight: 0x4142,
  src_port: 0x5152,
  dst_port: 0x6162,
  ether_type: 0x0800,
  vlan_id: 0x0102,
  ip_protocol: 6,
  tcp_flags: 0x12,
  action: 2,
  reason: 1,
};

const bytesOfRecord = [
  '0807060504030201',
  '00000000000000000000ffffc0000201',
  '20010db8000000000000000000000002',
  '14131211',
  '24232221',
  '3231',
  '4241',
  '5251',
  '6261',
  '0008',
  '0201',
  '06',
  '12',
  '02',
  '01',
].join('');

describe('encodePacketLog', () => {
  it('writes little-endian integers and addresses in network order', () => {
    expect(Buffer.from(encodePacketLog(record)).toString('hex')).toBe(bytesOfRecord);
  });

  it('decodes every record that it encoded, over the full range of every field', () => {
    fc.assert(
      fc.property(packetLog, (given) => {
        const view = new PacketLogView(encodePacketLog(given), { count: 1, stride: 64, recordOffset: 0 });
        expect(view.decode(0)).toEqual(given);
      }),
      { numRuns: 1000 },
    );
  });

  it('writes into a target at an offset and touches nothing else', () => {
    const target = new Uint8Array(PACKET_LOG_SIZE + 8).fill(0xaa);
    expect(encodePacketLog(record, target, 3)).toBe(target);
    expect(Buffer.from(target).toString('hex')).toBe(`${'aa'.repeat(3)}${bytesOfRecord}${'aa'.repeat(5)}`);
  });

  it.each([-1, 1, 64, Number.NaN])('rejects offset %d of a target of 64 bytes', (offset) => {
    expect(() => encodePacketLog(record, new Uint8Array(PACKET_LOG_SIZE), offset)).toThrow(RangeError);
  });

  const integers = PACKET_LOG_FIELDS.filter(({ type }) => type !== 'addr' && type !== 'u64');

  it.each(integers)('rejects values outside the range of $name', ({ name, type }) => {
    const largest = 2 ** (8 * FIELD_BYTES[type]) - 1;
    expect(() => encodePacketLog({ ...record, [name]: largest })).not.toThrow();
    for (const value of [-1, largest + 1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => encodePacketLog({ ...record, [name]: value }), String(value)).toThrow(RangeError);
      expect(() => encodePacketLog({ ...record, [name]: value }), String(value)).toThrow(name);
    }
  });

  it.each([-1n, 1n << 64n])('rejects %d as timestamp_ns', (timestamp_ns) => {
    expect(() => encodePacketLog({ ...record, timestamp_ns })).toThrow(/timestamp_ns/);
  });

  it('rejects a text that is not an address', () => {
    expect(() => encodePacketLog({ ...record, dst_addr: 'example' })).toThrow(AddressError);
  });
});
