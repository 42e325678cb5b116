/** Computes the index of a sealed file from its frames, for a file whose index is damaged. */
import { crc32 } from 'node:zlib';
import {
  decodeNode,
  decodeNumbers,
  factsOf,
  gzipMemberLength,
  PACKET_LOG_FIELDS,
  type SegmentCompression,
  SegmentFormatError,
  type SegmentFrame,
  type SegmentIndex,
  zstdFrameLength,
} from '@packetlog/common';
import { decompressFrame } from './compression.ts';

/** Above the largest part: a timestamp for each of 65,536 records. */
const MAX_PART_BYTES = 4 * 1024 * 1024;

type Place = Pick<SegmentFrame, 'column' | 'kind'>;

/** The frames of a block, in their order. */
const PLACES: readonly Place[] = [
  { column: 'node', kind: 'whole' },
  ...PACKET_LOG_FIELDS.flatMap(({ name, type }): Place[] =>
    type === 'addr'
      ? [
          { column: name, kind: 'dictionary' },
          { column: name, kind: 'indexes' },
        ]
      : [{ column: name, kind: 'whole' }],
  ),
];

/** `bytes`: the whole file. @throws SegmentFormatError, or an Error of the decompression. */
export function rebuildIndex(bytes: Uint8Array, compression: SegmentCompression): SegmentIndex {
  const parts: Uint8Array[] = [];
  const frames: SegmentFrame[] = [];
  let offset = 0;
  for (const place of PLACES) {
    const rest = bytes.subarray(offset);
    const length = positioned(offset, () => (compression === 'zstd' ? zstdFrameLength : gzipMemberLength)(rest));
    const frame = rest.subarray(0, length);
    const part = decompressFrame(compression, frame, MAX_PART_BYTES);
    parts.push(part);
    frames.push({ ...place, offset, bytes: length, rawBytes: part.length, crc32: crc32(frame) });
    offset += length;
  }
  const { records: count } = decodeNode(parts[0] as Uint8Array);
  const numbers = <K extends 'timestamp_ns' | 'action' | 'weight' | 'length'>(column: K) =>
    decodeNumbers(column, parts[PLACES.findIndex((place) => place.column === column)] as Uint8Array, count);
  const facts = factsOf({
    count,
    timestamp_ns: numbers('timestamp_ns'),
    action: numbers('action'),
    weight: numbers('weight'),
    length: numbers('length'),
  });
  return { ...facts, compression, frames };
}

/** Adds the place in the file to an error's position. */
function positioned<T>(offset: number, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof SegmentFormatError)) throw error;
    throw new SegmentFormatError(error.message, offset + error.position);
  }
}
