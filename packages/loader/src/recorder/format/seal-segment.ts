/** Converts records to the bytes of a sealed segment file (docs/segments.md). */
import { crc32 } from 'node:zlib';
import {
  columnsOf,
  encodeBlock,
  encodeIndex,
  factsOf,
  type RecordColumns,
  type SegmentCompression,
  type SegmentFrame,
  type SegmentIndex,
} from '@packetlog/common';
import { compressFrame, DEFAULT_COMPRESSION } from './compression.ts';

export interface SealOptions {
  /** Name of this machine, in each row; at most 255 bytes. */
  readonly node: string;
  /** Default: zstd where this Node.js has it, otherwise gzip. */
  readonly compression?: SegmentCompression | undefined;
}

export interface SealedBytes {
  readonly bytes: Buffer;
  readonly index: SegmentIndex;
}

/** Seals 1 to 65,536 records of 64 bytes. @throws RangeError for another number of bytes. */
export function sealSegment(records: Uint8Array, options: SealOptions): SealedBytes {
  return sealColumns(columnsOf(records), options);
}

export function sealColumns(columns: RecordColumns, options: SealOptions): SealedBytes {
  const { node, compression = DEFAULT_COMPRESSION } = options;
  const frames: SegmentFrame[] = [];
  const pieces: Uint8Array[] = [];
  let offset = 0;
  for (const { column, kind, bytes: raw } of encodeBlock(columns, node)) {
    const frame = compressFrame(compression, raw);
    frames.push({ column, kind, offset, bytes: frame.length, rawBytes: raw.length, crc32: crc32(frame) });
    pieces.push(frame);
    offset += frame.length;
  }
  const index = { ...factsOf(columns), compression, frames };
  return { bytes: Buffer.concat([...pieces, encodeIndex(index)]), index };
}
