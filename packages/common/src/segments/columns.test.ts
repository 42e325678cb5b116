import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearRecord } from '../../test/support/filter.arbitrary.ts';
import { packetLog } from '../../test/support/packet-log.arbitrary.ts';
import { formatAddress } from '../address/address.ts';
import { PACKET_LOG_FIELDS, PACKET_LOG_SIZE } from '../record/layout.ts';
import { encodePacketLog, type PacketLog } from '../record/packet-log.ts';
import { type AddressColumn, columnsOf, type RecordColumns, recordsOf } from './columns.ts';

const records = fc.array(fc.oneof(packetLog, nearRecord), { maxLength: 50 });

/** At an offset, because hot files are mapped and slabs are shared. */
function encoded(many: readonly PacketLog[], offset = 0): Uint8Array {
  const bytes = new Uint8Array(offset + many.length * PACKET_LOG_SIZE);
  many.forEach((record, i) => {
    encodePacketLog(record, bytes, offset + i * PACKET_LOG_SIZE);
  });
  return bytes.subarray(offset);
}

function addressAt({ dictionary, indexes }: AddressColumn, i: number): string {
  return formatAddress(dictionary, 16 * (indexes[i] as number));
}

function recordAt(columns: RecordColumns, i: number): PacketLog {
  const value = ({ name, type }: (typeof PACKET_LOG_FIELDS)[number]) =>
    type === 'addr' ? addressAt(columns[name], i) : columns[name][i];
  return Object.fromEntries(PACKET_LOG_FIELDS.map((field) => [field.name, value(field)])) as unknown as PacketLog;
}

/** Two records from each of as many sources, which differ in each word of an address. */
function manySources(sources: number): Uint8Array {
  const bytes = new Uint8Array(2 * sources * PACKET_LOG_SIZE);
  const data = new DataView(bytes.buffer);
  for (let i = 0; i < 2 * sources; i++) data.setUint32(i * PACKET_LOG_SIZE + 8 + 4 * ((i % sources) % 4), i % sources);
  return bytes;
}

describe('records as columns', () => {
  it('have the fields of the layout', () => {
    fc.assert(
      fc.property(records, fc.nat(9), (many, offset) => {
        const columns = columnsOf(encoded(many, offset));
        expect(columns.count).toBe(many.length);
        expect(many.map((_, i) => recordAt(columns, i))).toEqual(many);
      }),
    );
  });

  it('become the same records again, all or selected ones', () => {
    fc.assert(
      fc.property(records, fc.uint8Array({ min: 0, max: 1, minLength: 60, maxLength: 60 }), (many, rows) => {
        const columns = columnsOf(encoded(many));
        expect(recordsOf(columns)).toEqual(encoded(many));
        expect(recordsOf(columns, rows)).toEqual(encoded(many.filter((_, i) => rows[i] === 1)));
      }),
    );
  });

  it('name each address once, in the order of the first records', () => {
    fc.assert(
      fc.property(records, (many) => {
        const { dictionary } = columnsOf(encoded(many)).src_addr;
        const found = Array.from({ length: dictionary.length / 16 }, (_, i) => formatAddress(dictionary, 16 * i));
        expect(found).toEqual([...new Set(many.map(({ src_addr }) => src_addr))]);
      }),
    );
  });

  it.each<[number, 1 | 2 | 4]>([
    [256, 1],
    [257, 2],
    [65_536, 2],
    [65_537, 4],
    [200_000, 4],
  ])('of %i sources have indexes of %i bytes', (sources, bytes) => {
    const source = manySources(sources);
    const columns = columnsOf(source);
    expect(columns.src_addr.dictionary).toHaveLength(16 * sources);
    expect(columns.src_addr.indexes.BYTES_PER_ELEMENT).toBe(bytes);
    expect(Buffer.compare(recordsOf(columns), source)).toBe(0);
  });

  it('rejects a record that is cut off', () => {
    expect(() => columnsOf(new Uint8Array(100))).toThrow('100 bytes are not whole records of 64');
  });
});
