import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packetLog } from '../../test/support/packet-log.arbitrary.ts';
import { PACKET_LOG_FIELDS, PACKET_LOG_SIZE } from '../record/layout.ts';
import { encodePacketLog, type PacketLog } from '../record/packet-log.ts';
import { columnsOf, type RecordColumns } from './columns.ts';
import {
  type AddressField,
  type BlockPart,
  decodeAddresses,
  decodeDictionary,
  decodeNode,
  decodeNumbers,
  encodeBlock,
  type NumberColumn,
} from './native-block.ts';
import { SegmentFormatError } from './segment-format-error.ts';

const records = fc.array(packetLog, { minLength: 1, maxLength: 50 });
const node = fc.string({ unit: 'grapheme', maxLength: 40 });

function columnsOfAll(many: readonly PacketLog[]): RecordColumns {
  const bytes = new Uint8Array(many.length * PACKET_LOG_SIZE);
  many.forEach((record, i) => {
    encodePacketLog(record, bytes, i * PACKET_LOG_SIZE);
  });
  return columnsOf(bytes);
}

function partsOf(parts: readonly BlockPart[], column: string): Uint8Array[] {
  return parts.filter((part) => part.column === column).map(({ bytes }) => bytes);
}

function decoded(parts: readonly BlockPart[], count: number): RecordColumns {
  const values = PACKET_LOG_FIELDS.map(({ name, type }) => {
    const [first, second] = partsOf(parts, name) as [Uint8Array, Uint8Array];
    return [
      name,
      type === 'addr'
        ? decodeAddresses(name as AddressField, first, second, count)
        : decodeNumbers(name as NumberColumn, first, count),
    ];
  });
  return { count, ...Object.fromEntries(values) } as RecordColumns;
}

describe('a Native block', () => {
  it('holds the columns and the node', () => {
    fc.assert(
      fc.property(records, node, (many, name) => {
        const columns = columnsOfAll(many);
        const parts = encodeBlock(columns, name);
        expect(decodeNode(parts[0]?.bytes ?? new Uint8Array())).toEqual({ records: many.length, node: name });
        expect(decoded(parts, many.length)).toEqual(columns);
        const [dictionary] = partsOf(parts, 'src_addr') as [Uint8Array];
        expect(decodeDictionary('src_addr', dictionary)).toEqual(columns.src_addr.dictionary);
      }),
    );
  });

  it('begins as ClickHouse documents it', () => {
    const [first, second] = encodeBlock(columnsOfAll(fc.sample(packetLog, { numRuns: 1, seed: 1 })), 'ab');
    const head = '1001 046e6f6465 16 4c6f7743617264696e616c69747928537472696e6729';
    const dictionary = '0100000000000000 0006000000000000 0100000000000000 026162 0100000000000000 00';
    expect(Buffer.from(first?.bytes ?? []).toString('hex')).toBe((head + dictionary).replaceAll(' ', ''));
    expect(Buffer.from(second?.bytes ?? []).toString('latin1', 0, 20)).toBe('\x0ctimestamp_ns\x06UInt64');
  });

  it('has an index per record that is as wide as the dictionary needs', () => {
    const many = fc.sample(packetLog, { numRuns: 300, seed: 2 });
    const some = many.map((record, i) => ({ ...record, src_addr: `2001:db8::${i.toString(16)}`, dst_addr: '::1' }));
    const parts = encodeBlock(columnsOfAll(some), 'n');
    expect(partsOf(parts, 'src_addr').map(({ length }) => length)[1]).toBe(8 + 2 * 300);
    expect(partsOf(parts, 'dst_addr').map(({ length }) => length)[1]).toBe(8 + 300);
    expect(decoded(parts, 300)).toEqual(columnsOfAll(some));
  });

  it('needs 1 to 65,536 records, and a node of at most 255 bytes', () => {
    expect(() => encodeBlock(columnsOf(new Uint8Array(0)), 'n')).toThrow('a block has 1 to 65536 records, not 0');
    const one = columnsOf(new Uint8Array(PACKET_LOG_SIZE));
    expect(() => encodeBlock({ ...one, count: 65_537 }, 'n')).toThrow('not 65537');
    expect(() => encodeBlock(one, 'ä'.repeat(128))).toThrow('at most 255 bytes');
  });

  it('that is cut or changed is a SegmentFormatError, or another value', () => {
    const many = fc.sample(packetLog, { numRuns: 3, seed: 3 });
    const parts = encodeBlock(columnsOfAll(many), 'n');
    const attempt = (changed: readonly BlockPart[]) => {
      try {
        decodeNode(changed[0]?.bytes ?? new Uint8Array());
        const { src_addr } = decoded(changed, many.length);
        expect(Math.max(...src_addr.indexes)).toBeLessThan(src_addr.dictionary.length / 16);
      } catch (error) {
        expect(error).toBeInstanceOf(SegmentFormatError);
      }
    };
    parts.forEach((part, which) => {
      for (let at = 0; at < part.bytes.length; at++) {
        attempt(parts.with(which, { ...part, bytes: part.bytes.subarray(0, at) }));
        const flipped = part.bytes.slice();
        flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
        attempt(parts.with(which, { ...part, bytes: flipped }));
      }
    });
  });
});
