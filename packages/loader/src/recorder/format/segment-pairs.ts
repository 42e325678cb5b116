/**
 * `00000042.pairs` beside a sealed segment: its sums by pair of addresses, so that top lists and counts of a long range
 * read no records.
 */
import {
  type AddressField,
  PairColumns,
  type PairSums,
  pairSumsOf,
  type RecordColumns,
  type SegmentFacts,
  SegmentFormatError,
  SUMMED_ACTIONS,
} from '@packetlog/common';
import { freeBytes } from '../../free-bytes.ts';
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

export interface PairsWanted {
  /** Otherwise bytes and ports are not read. */
  readonly withBytes: boolean;
  /** Has a 1 for each address of the dictionary whose entries are wanted; undefined: all are. */
  readonly sources?: Uint8Array | undefined;
  /** Returns the dictionary of the segment. Default: reads it. */
  readonly dictionary?: (field: AddressField) => Uint8Array;
}

/**
 * Returns the sums of a segment; undefined if they cannot be read or do not agree with the segment. Their columns of
 * addresses throw CorruptSegmentError if the dictionary of the segment is damaged.
 */
export function readPairs(
  directory: string,
  segment: SealedSegment,
  { withBytes, sources, dictionary = (field) => segment.dictionary(field) }: PairsWanted,
): PairColumns | undefined {
  const { file, facts, index } = segment;
  const content = readSums(directory, file, 'pairs', facts);
  if (content === undefined) return undefined;
  try {
    const size = content.readUInt32LE();
    if (size > MAX_BYTES) return undefined;
    const encoded = decompressFrame(index.compression, content.subarray(SIZE_BYTES), size);
    const sums = decodePairs(encoded, withBytes);
    freeBytes(encoded);
    if (!agrees(sums, facts)) return undefined;
    const pairs = new PairColumns(sums, { size: (field) => segment.dictionarySize(field), read: dictionary });
    if (sources === undefined) return pairs;
    const wanted = pairs.ofSources(sources);
    free(sums);
    return wanted;
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
}

function free({ sources, kindIndexes, packets, records, bytes }: PairSums): void {
  for (const column of new Set([sources, kindIndexes, packets, records, bytes])) if (column) freeBytes(column);
}

/** Of the codec, of an index outside of a dictionary, or of node:zlib. */
function isDamage(error: unknown): boolean {
  return (
    error instanceof SegmentFormatError ||
    error instanceof RangeError ||
    (error as { errno?: number }).errno !== undefined
  );
}

function agrees(sums: PairSums, { actions }: SegmentFacts): boolean {
  const { packets, bytes, records } = sums;
  const recordsOf = sumsByAction(sums, records);
  // Without sampling they are the same.
  const packetsOf = packets === records ? recordsOf : sumsByAction(sums, packets);
  const bytesOf = bytes && sumsByAction(sums, bytes);
  return SUMMED_ACTIONS.every(
    (name, i) =>
      actions[name].records === recordsOf[i] &&
      actions[name].packets === packetsOf[i] &&
      (bytesOf === undefined || actions[name].bytes === bytesOf[i]),
  );
}

/** Adds up by kind first: there are few of them. */
function sumsByAction({ count, kinds, kindIndexes }: PairSums, values: Float64Array): Float64Array {
  const ofKind = new Float64Array(kinds.length);
  for (let i = 0; i < count; i++) {
    const kind = kindIndexes[i] as number;
    ofKind[kind] = (ofKind[kind] as number) + (values[i] as number);
  }
  const sums = new Float64Array(SUMMED_ACTIONS.length);
  kinds.forEach(({ action }, kind) => {
    const which = Math.min(action, sums.length - 1);
    sums[which] = (sums[which] as number) + (ofKind[kind] as number);
  });
  return sums;
}
