/** Files of a recorder's directory, which may be copied from elsewhere (`--dir`), as a target of fuzz-targets.ts. */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import {
  columnsOf,
  decodeAddresses,
  decodeIndex,
  decodeNode,
  decodeNumbers,
  encodeBlock,
  encodeIndex,
  MAX_SEGMENT_RECORDS,
  PACKET_LOG_FIELDS,
  pairSumsOf,
  SegmentFormatError,
  type WholePairSums,
} from '@packetlog/common';
import { decodePairs, encodePairs } from '../../src/recorder/format/pair-codec.ts';
import { sealColumns } from '../../src/recorder/format/seal-segment.ts';
import { GeneratedTraffic } from './generated-traffic.ts';

/** The end of an index in a file of Zstandard frames: its length, its checksum, a constant. */
const TRAILER = { bytes: 16, checksum: 4 };
const RECORDS = 40;
/** Sums above this are not exact in floating point once they are multiplied; checks against the index reject them. */
const MAX_EXACT = 2 ** 36;

const columns = columnsOf(new GeneratedTraffic({ seed: 3 }).take(RECORDS));
const sums = pairSumsOf(columns, RECORDS, RECORDS) as WholePairSums;
const { index } = sealColumns(columns, { node: 'n', compression: 'zstd' });
const parts = encodeBlock(columns, 'n');
const numbers = PACKET_LOG_FIELDS.flatMap(({ name, type }) => (type === 'addr' ? [] : [name as 'action']));

/** Reads what follows the first byte, which chooses the kind; each throws SegmentFormatError only. */
const READERS: readonly ((bytes: Uint8Array) => void)[] = [
  readIndex,
  (bytes) => {
    const { records } = decodeNode(bytes);
    ok(records >= 1 && records <= MAX_SEGMENT_RECORDS);
  },
  (bytes) => {
    const name = numbers[(bytes[0] ?? 0) % numbers.length] as 'action';
    strictEqual(decodeNumbers(name, bytes.subarray(2), bytes[1] ?? 0).length, bytes[1] ?? 0);
  },
  (bytes) => {
    const [low = 0, high = 0, count = 0] = bytes;
    const [cut, rest] = [low + 256 * high, bytes.subarray(3)];
    const column = decodeAddresses('src_addr', rest.subarray(0, cut), rest.subarray(cut), count);
    for (const each of column.indexes) ok(16 * each < column.dictionary.length);
  },
  readPairs,
];

/** The frames that an index names follow each other. Its checksum is made right: chance would not. */
function readIndex(bytes: Uint8Array): void {
  const tail = bytes.slice();
  const at = tail.length - TRAILER.bytes;
  if (at >= 0) {
    const trailer = new DataView(tail.buffer, at);
    const from = at - trailer.getUint32(0, true);
    if (from >= 0) trailer.setUint32(TRAILER.checksum, crc32(tail.subarray(from, at)), true);
  }
  let offset = 0;
  for (const frame of decodeIndex(tail, fileBytes + bytes.length).frames) {
    strictEqual(frame.offset, offset);
    offset += frame.bytes;
  }
}

/** Sums that can be read are the same when they are written and read again. */
function readPairs(bytes: Uint8Array): void {
  decodePairs(bytes, false);
  const pairs = decodePairs(bytes, true) as WholePairSums;
  const { packets, bytes: lengths, ports } = pairs;
  const all = [packets, lengths, ...(ports === undefined ? [] : [ports.packets, ports.bytes])];
  if (all.some((values) => values.some((value) => value > MAX_EXACT))) return;
  deepStrictEqual(decodePairs(encodePairs(pairs), true), pairs);
}

/** Bytes of all frames before the index. */
const fileBytes = index.frames.reduce((sum, { bytes }) => sum + bytes, 0);

function segments(bytes: Uint8Array): void {
  const read = READERS[(bytes[0] ?? 0) % READERS.length];
  try {
    read?.(bytes.subarray(1));
  } catch (error) {
    if (!(error instanceof SegmentFormatError)) throw error;
  }
}

function partOf(column: string, kind = 'whole'): Uint8Array {
  return parts.find((part) => part.column === column && part.kind === kind)?.bytes ?? new Uint8Array();
}

function addresses(): Buffer {
  const dictionary = partOf('src_addr', 'dictionary');
  const head = Buffer.of(3, dictionary.length % 256, Math.floor(dictionary.length / 256), RECORDS);
  return Buffer.concat([head, dictionary, partOf('src_addr', 'indexes')]);
}

export const SEGMENTS_TARGET = {
  name: 'segments',
  maxBytes: 64 * 1024,
  seeds: [
    Buffer.concat([Buffer.of(0), encodeIndex(index)]),
    Buffer.concat([Buffer.of(1), partOf('node')]),
    ...numbers.map((name, i) => Buffer.concat([Buffer.of(2, i, RECORDS), partOf(name)])),
    addresses(),
    Buffer.concat([Buffer.of(4), encodePairs(sums)]),
  ],
  run: segments,
};
