/**
 * Encodes and decodes one block of ClickHouse's `Native` format, as its HTTP interface reads and writes it.
 *
 * A block is a header (numbers of columns and rows), then for each column its name, its type and its values. This one
 * has the column `node`, the same text in every row, then the fields of layout.ts. Addresses are dictionaries with one
 * index per row (SerializationLowCardinality of ClickHouse). docs/segments.md has the bytes.
 *
 * The block is made of parts, which follow each other without padding. Each part can be compressed on its own, so a
 * reader decompresses only the columns that it needs.
 */
import { FIELD_BYTES, PACKET_LOG_FIELDS, type PacketLogFieldName, type PacketLogFieldType } from '../record/layout.ts';
import { ByteReader } from './byte-reader.ts';
import type { AddressColumn, RecordColumns } from './columns.ts';
import {
  blockHead,
  CONSTANT_TYPE,
  columnHead,
  constantColumn,
  dictionaryHead,
  expectHead,
  type IndexArray,
  joined,
  readDictionaryHead,
  u64,
  utf8,
} from './native-bytes.ts';
import { SegmentFormatError } from './segment-format-error.ts';

/** Records of a block: one segment file has one block. */
export const MAX_SEGMENT_RECORDS = 65_536;
/** Bytes of the text in the column `node`. */
export const MAX_NODE_BYTES = 255;

/** `whole`: the column's name, type and values. An address column has two: all before the indexes, and the indexes. */
export type BlockPartKind = 'whole' | 'dictionary' | 'indexes';

export interface BlockPart {
  /** `node`, or a field of layout.ts. The part of `node` begins with the header of the block. */
  readonly column: 'node' | PacketLogFieldName;
  readonly kind: BlockPartKind;
  readonly bytes: Uint8Array;
}

const TYPES: Readonly<Record<PacketLogFieldType, string>> = {
  u8: 'UInt8',
  u16: 'UInt16',
  u32: 'UInt32',
  u64: 'UInt64',
  addr: 'LowCardinality(FixedString(16))',
};
const COLUMNS = PACKET_LOG_FIELDS.length + 1;
const ADDRESS_BYTES = 16;

/**
 * Returns the parts of a block in their order. Numbers keep the byte order of the machine, which must be little-endian.
 * @throws RangeError without records, above MAX_SEGMENT_RECORDS, and if `node` is longer than MAX_NODE_BYTES.
 */
export function encodeBlock(columns: RecordColumns, node: string): BlockPart[] {
  const { count } = columns;
  if (count < 1 || count > MAX_SEGMENT_RECORDS) {
    throw new RangeError(`a block has 1 to ${MAX_SEGMENT_RECORDS} records, not ${count}`);
  }
  if (utf8(node).length > MAX_NODE_BYTES) throw new RangeError(`a node's name has at most ${MAX_NODE_BYTES} bytes`);
  const head = joined([blockHead(COLUMNS, count), constantColumn('node', node, count)]);
  const parts: BlockPart[] = [{ column: 'node', kind: 'whole', bytes: head }];
  for (const { name: column, type } of PACKET_LOG_FIELDS) {
    if (type === 'addr') parts.push(...addressParts(column, columns[column]));
    else
      parts.push({ column, kind: 'whole', bytes: joined([columnHead(column, TYPES[type]), bytesOf(columns[column])]) });
  }
  return parts;
}

function addressParts(column: 'src_addr' | 'dst_addr', { dictionary, indexes }: AddressColumn): BlockPart[] {
  const size = dictionary.length / ADDRESS_BYTES;
  const head = [columnHead(column, TYPES.addr), dictionaryHead(size, indexes.BYTES_PER_ELEMENT), dictionary];
  return [
    { column, kind: 'dictionary', bytes: joined(head) },
    { column, kind: 'indexes', bytes: joined([u64(indexes.length), bytesOf(indexes)]) },
  ];
}

/** Returns the values of a column from its part `whole`. @throws SegmentFormatError */
export function decodeNumbers<K extends NumberColumn>(column: K, part: Uint8Array, count: number): RecordColumns[K] {
  const type = fieldType(column);
  const reader = new ByteReader(part);
  expectHead(reader, column, TYPES[type]);
  const bytes = reader.bytes(count * FIELD_BYTES[type]);
  reader.end();
  // Copied, so that values are aligned and the part can be freed.
  const { buffer } = bytes.slice();
  const values =
    type === 'u8'
      ? new Uint8Array(buffer)
      : type === 'u16'
        ? new Uint16Array(buffer)
        : type === 'u32'
          ? new Uint32Array(buffer)
          : new BigUint64Array(buffer);
  return values as RecordColumns[K];
}

export type AddressField = 'src_addr' | 'dst_addr';
export type NumberColumn = Exclude<PacketLogFieldName, AddressField>;

/** Returns an address column from its two parts. @throws SegmentFormatError */
export function decodeAddresses(
  column: AddressField,
  dictionaryPart: Uint8Array,
  indexesPart: Uint8Array,
  count: number,
): AddressColumn {
  const { dictionary, indexArray } = readDictionary(column, dictionaryPart);
  const reader = new ByteReader(indexesPart);
  const rows = reader.count();
  if (rows !== count) throw new SegmentFormatError(`it has ${rows} indexes for ${count} records`, 0);
  const bytes = reader.bytes(count * indexArray.BYTES_PER_ELEMENT);
  reader.end();
  const indexes = new indexArray(bytes.slice().buffer);
  const size = dictionary.length / ADDRESS_BYTES;
  for (let i = 0; i < count; i++) {
    if ((indexes[i] as number) < size) continue;
    throw new SegmentFormatError(`index ${indexes[i]} is not in a dictionary of ${size} addresses`, reader.position);
  }
  return { dictionary, indexes };
}

/** Returns the number of distinct addresses in a column's part `dictionary` of this many bytes. */
export function dictionarySize(column: AddressField, bytes: number): number {
  return (bytes - columnHead(column, TYPES.addr).length - dictionaryHead(0, 1).length) / ADDRESS_BYTES;
}

/** Returns the distinct addresses, 16 bytes each, of a column's part `dictionary`. @throws SegmentFormatError */
export function decodeDictionary(column: AddressField, part: Uint8Array): Uint8Array {
  return readDictionary(column, part).dictionary;
}

function readDictionary(column: AddressField, part: Uint8Array): { dictionary: Uint8Array; indexArray: IndexArray } {
  const reader = new ByteReader(part);
  expectHead(reader, column, TYPES.addr);
  const { size, indexes } = readDictionaryHead(reader);
  const dictionary = reader.bytes(size * ADDRESS_BYTES).slice();
  reader.end();
  return { dictionary, indexArray: indexes };
}

/** Returns the header of the block and the node from the part of `node`. @throws SegmentFormatError */
export function decodeNode(part: Uint8Array): { readonly records: number; readonly node: string } {
  const reader = new ByteReader(part);
  const columns = reader.varint();
  if (columns !== COLUMNS) throw new SegmentFormatError(`it has ${columns} columns instead of ${COLUMNS}`, 0);
  const records = reader.varint();
  if (records < 1 || records > MAX_SEGMENT_RECORDS) throw new SegmentFormatError(`it has ${records} records`, 1);
  expectHead(reader, 'node', CONSTANT_TYPE);
  const { size, indexes } = readDictionaryHead(reader);
  if (size !== 1) throw new SegmentFormatError(`it has ${size} nodes instead of one`, reader.position);
  const node = reader.text(reader.varint());
  const rows = reader.count();
  if (rows !== records) throw new SegmentFormatError(`it has ${rows} nodes for ${records} records`, reader.position);
  if (reader.bytes(records * indexes.BYTES_PER_ELEMENT).some((byte) => byte !== 0))
    throw new SegmentFormatError('it has an index without a node', reader.position);
  reader.end();
  return { records, node };
}

function fieldType(column: PacketLogFieldName): PacketLogFieldType {
  return (PACKET_LOG_FIELDS.find(({ name }) => name === column) as { type: PacketLogFieldType }).type;
}

function bytesOf(values: RecordColumns[NumberColumn] | AddressColumn['indexes']): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
