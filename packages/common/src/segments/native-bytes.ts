/** The pieces that blocks in ClickHouse's `Native` format are made of (SerializationLowCardinality of ClickHouse). */
import type { ByteReader } from './byte-reader.ts';
import { SegmentFormatError } from './segment-format-error.ts';

/** Type of a text column in which few texts repeat. */
export const CONSTANT_TYPE = 'LowCardinality(String)';

/** KeysSerializationVersion::SharedDictionariesWithAdditionalKeys. */
const KEYS_VERSION = 1n;
/** IndexesSerializationType: HasAdditionalKeysBit and NeedUpdateDictionary; the low byte is the width of the indexes. */
const KEYS_FLAGS = 0x600;
const INDEX_ARRAYS = [Uint8Array, Uint16Array, Uint32Array] as const;
export type IndexArray = (typeof INDEX_ARRAYS)[number];

/** As in pcapng.ts: the ECMAScript library has no TextEncoder, browsers and Node.js do. */
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

export function blockHead(columns: number, rows: number): Uint8Array {
  return joined([varint(columns), varint(rows)]);
}

/** A column of CONSTANT_TYPE with the same text in every row. */
export function constantColumn(name: string, value: string, rows: number): Uint8Array {
  return joined([columnHead(name, CONSTANT_TYPE), dictionaryHead(1, 1), text(value), u64(rows), new Uint8Array(rows)]);
}

export function columnHead(name: string, type: string): Uint8Array {
  return joined([text(name), text(type)]);
}

export function dictionaryHead(size: number, indexBytes: number): Uint8Array {
  return joined([u64(Number(KEYS_VERSION)), u64(KEYS_FLAGS | Math.log2(indexBytes)), u64(size)]);
}

/** @throws SegmentFormatError */
export function readDictionaryHead(reader: ByteReader): { size: number; indexes: IndexArray } {
  const at = reader.position;
  const version = reader.u64();
  const flags = reader.count();
  const indexes = INDEX_ARRAYS[flags - KEYS_FLAGS];
  if (version !== KEYS_VERSION || indexes === undefined) {
    throw new SegmentFormatError(`dictionaries of kind ${version}, ${flags} are not supported`, at);
  }
  return { size: reader.count(), indexes };
}

/** @throws SegmentFormatError if the next column is another one. */
export function expectHead(reader: ByteReader, name: string, type: string): void {
  const at = reader.position;
  const found = [reader.text(reader.varint()), reader.text(reader.varint())];
  if (found[0] === name && found[1] === type) return;
  throw new SegmentFormatError(`it has the column ${found.join(' ')} instead of ${name} ${type}`, at);
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

export function utf8(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function text(value: string): Uint8Array {
  const bytes = utf8(value);
  return joined([varint(bytes.length), bytes]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

export function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}
