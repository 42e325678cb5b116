/**
 * `00000042.pairs` beside a sealed segment: its sums by pair of addresses, so that top lists and counts of a long range
 * read no records.
 */
import {
  PairColumns,
  type PairSums,
  pairSumsOf,
  type RecordColumns,
  type SegmentFacts,
  SegmentFormatError,
  SUMMED_ACTIONS,
} from '@packetlog/common';
import { compressMore, decompressFrame } from './compression.ts';
import { decodePairs, encodePairs } from './pair-codec.ts';
import type { SealedSegment } from './sealed-segment.ts';
import type { SegmentFile } from './segment.ts';
import { readSums, writeSums } from './sums-file.ts';

/** With fewer records than this per entry, reading the records costs hardly more. */
const RECORDS_PER_PAIR = 4;
/** With more ports they are not known: reading the records of many clients' ports costs hardly more. */
const RECORDS_PER_PORT = 64;
const SIZE_BYTES = 4;
/** Of the encoded entries: 16,384 of up to 40 bytes. */
const MAX_BYTES = 2 ** 20;

/** Writes the sums of a segment, if there are few enough. Throws the error of the file system. */
export function writePairs(
  directory: string,
  file: SegmentFile,
  columns: RecordColumns,
  { compression, mode }: { readonly compression: 'zstd' | 'gzip'; readonly mode: number },
): void {
  const most = (recordsPerEntry: number) => Math.floor(columns.count / recordsPerEntry);
  const sums = pairSumsOf(columns, most(RECORDS_PER_PAIR), most(RECORDS_PER_PORT));
  if (sums === undefined) return;
  const encoded = encodePairs(sums);
  const size = Buffer.alloc(SIZE_BYTES);
  size.writeUInt32LE(encoded.length);
  const content = Buffer.concat([size, compressMore(compression, encoded)]);
  writeSums(directory, file, 'pairs', { records: columns.count, content, mode });
}

/**
 * Returns the sums of a segment, without bytes and ports unless `withBytes`; undefined if they cannot be read or do not agree
 * with the segment. Their columns of addresses throw CorruptSegmentError if the dictionary of the segment is damaged.
 */
export function readPairs(directory: string, segment: SealedSegment, withBytes: boolean): PairColumns | undefined {
  const { file, facts, index } = segment;
  const content = readSums(directory, file, 'pairs', facts);
  if (content === undefined) return undefined;
  try {
    const size = content.readUInt32LE();
    if (size > MAX_BYTES) return undefined;
    const sums = decodePairs(decompressFrame(index.compression, content.subarray(SIZE_BYTES), size), withBytes);
    if (!agrees(sums, facts)) return undefined;
    return new PairColumns(sums, {
      size: (field) => segment.dictionarySize(field),
      read: (field) => segment.dictionary(field),
    });
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
}

/** Of the codec, of an index outside of a dictionary, or of node:zlib. */
function isDamage(error: unknown): boolean {
  return (
    error instanceof SegmentFormatError ||
    error instanceof RangeError ||
    (error as { errno?: number }).errno !== undefined
  );
}

function agrees({ count, kinds, kindIndexes, packets, bytes, records }: PairSums, { actions }: SegmentFacts): boolean {
  const other = SUMMED_ACTIONS.length - 1;
  const actionOf = Uint8Array.from(kinds, ({ action }) => Math.min(action, other));
  const sums = new Float64Array(3 * SUMMED_ACTIONS.length);
  const add = (values: Float64Array, which: number) => {
    for (let i = 0; i < count; i++) {
      const at = 3 * (actionOf[kindIndexes[i] as number] as number) + which;
      sums[at] = (sums[at] as number) + (values[i] as number);
    }
  };
  add(records, 0);
  // Without sampling they are the same.
  if (packets !== records) add(packets, 1);
  if (bytes !== undefined) add(bytes, 2);
  return SUMMED_ACTIONS.every((name, i) => {
    const { records: r, packets: p, bytes: b } = actions[name];
    return (
      r === sums[3 * i] &&
      p === sums[packets === records ? 3 * i : 3 * i + 1] &&
      (bytes === undefined || b === sums[3 * i + 2])
    );
  });
}
