/**
 * Encodes and decodes the index at the end of a sealed segment: where each column's frame is, its checksum, and what the
 * records are together.
 *
 * The index lies in a frame that decompresses to nothing, so the whole file is one compressed `Native` block for any
 * reader: a skippable frame (RFC 8878, 3.1.2), or an empty gzip member with an extra field (RFC 1952, 2.3.1.1). Its last
 * bytes are a trailer of fixed size, so one read of the file's end finds it. docs/segments.md has the bytes.
 */
import { ByteReader } from './byte-reader.ts';
import { crc32 } from './crc32.ts';
import { gzipHead } from './gzip-member.ts';
import type { BlockPartKind } from './native-block.ts';
import { type ActionSums, type SegmentFacts, SUMMED_ACTIONS, type SummedAction } from './segment-facts.ts';
import { SegmentFormatError } from './segment-format-error.ts';

export const SEGMENT_VERSION = 1;
/** A reader that reads this much of a file's end has the index. */
export const MAX_INDEX_BYTES = 4096;

export const SEGMENT_COMPRESSIONS = ['zstd', 'gzip'] as const;
export type SegmentCompression = (typeof SEGMENT_COMPRESSIONS)[number];

/** One compressed part of the block. */
export interface SegmentFrame {
  /** `node`, or a field of layout.ts. */
  readonly column: string;
  readonly kind: BlockPartKind;
  /** Byte of the file where the frame begins. */
  readonly offset: number;
  readonly bytes: number;
  /** Bytes after decompression. */
  readonly rawBytes: number;
  /** CRC-32 of the compressed bytes. */
  readonly crc32: number;
}

export interface SegmentIndex extends SegmentFacts {
  readonly compression: SegmentCompression;
  /** In the order of the file, without gaps, beginning at byte 0. */
  readonly frames: readonly SegmentFrame[];
}

/** "PKTSEGv1", read as a little-endian number. */
const MAGIC = 0x3176_4745_5354_4b50n;
/** Length and CRC-32 of the index, magic. */
const TRAILER_BYTES = 16;
const KINDS: readonly BlockPartKind[] = ['whole', 'dictionary', 'indexes'];
/** Everything before the frames. */
const HEAD_BYTES = 24 + 24 * SUMMED_ACTIONS.length;
/** Kind, length of the name, three numbers. */
const FRAME_BYTES = 14;

/** Magic number of a skippable frame, 0x184d2a50 to 0x184d2a5f. */
const SKIPPABLE_MAGIC = 0x184d_2a57;
/** Magic and size. */
const SKIPPABLE_HEAD_BYTES = 8;
/** Subfield of the gzip member. */
const GZIP_FIELD = 'PI';
/** An empty deflate block, CRC-32 and size of nothing. */
const GZIP_END = Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0, 0);

/** Returns the frame to append to the other frames. Offsets are not stored: they follow from the lengths. */
export function encodeIndex(index: SegmentIndex): Uint8Array {
  const names = index.frames.map(({ column }) => Uint8Array.from(column, (letter) => letter.charCodeAt(0)));
  const length = names.reduce((sum, name) => sum + FRAME_BYTES + name.length, HEAD_BYTES);
  const head = containerHead(index.compression, length + TRAILER_BYTES);
  const end = containerEnd(index.compression);
  const bytes = new Uint8Array(head.length + length + TRAILER_BYTES + end.length);
  bytes.set(head);
  const body = bytes.subarray(head.length, head.length + length);
  writeBody(body, index, names);
  const trailer = new DataView(bytes.buffer, head.length + length, TRAILER_BYTES);
  trailer.setUint32(0, length, true);
  trailer.setUint32(4, crc32(body), true);
  trailer.setBigUint64(8, MAGIC, true);
  bytes.set(end, bytes.length - end.length);
  return bytes;
}

function writeBody(body: Uint8Array, index: SegmentIndex, names: readonly Uint8Array[]): void {
  const data = new DataView(body.buffer, body.byteOffset, body.byteLength);
  data.setUint16(0, SEGMENT_VERSION, true);
  data.setUint8(2, SEGMENT_COMPRESSIONS.indexOf(index.compression) + 1);
  data.setUint8(3, index.frames.length);
  data.setUint32(4, index.records, true);
  data.setBigUint64(8, index.firstNs, true);
  data.setBigUint64(16, index.lastNs, true);
  SUMMED_ACTIONS.forEach((action, i) => {
    const { records, packets, bytes } = index.actions[action];
    [records, packets, bytes].forEach((value, k) => {
      data.setBigUint64(24 + 24 * i + 8 * k, BigInt(value), true);
    });
  });
  let at = HEAD_BYTES;
  index.frames.forEach((frame, i) => {
    const name = names[i] as Uint8Array;
    data.setUint8(at, KINDS.indexOf(frame.kind));
    data.setUint8(at + 1, name.length);
    body.set(name, at + 2);
    at += 2 + name.length;
    data.setUint32(at, frame.bytes, true);
    data.setUint32(at + 4, frame.rawBytes, true);
    data.setUint32(at + 8, frame.crc32, true);
    at += FRAME_BYTES - 2;
  });
}

/**
 * Finds and decodes the index of a file of `fileBytes` bytes. `tail`: its last bytes, MAX_INDEX_BYTES or the whole file.
 * @throws SegmentFormatError if there is none, or it is damaged; positions count from the beginning of `tail`.
 */
export function decodeIndex(tail: Uint8Array, fileBytes: number): SegmentIndex {
  const { from, to, compression } = findBody(tail);
  const body = tail.subarray(from, to);
  const index = readBody(body, from);
  if (index.compression !== compression) throw new SegmentFormatError('its frame is of another compression', from);
  const end = index.frames.reduce((sum, { bytes }) => sum + bytes, 0);
  const head = containerHead(compression, to - from + TRAILER_BYTES);
  const start = from - head.length;
  if (start < 0 || head.some((byte, i) => byte !== tail[start + i])) {
    throw new SegmentFormatError('the header of its frame is damaged', Math.max(0, start));
  }
  if (end !== fileBytes - (tail.length - start)) {
    throw new SegmentFormatError(`the frames before it should have ${end} bytes`, start);
  }
  return index;
}

function findBody(tail: Uint8Array): { from: number; to: number; compression: SegmentCompression } {
  for (const compression of SEGMENT_COMPRESSIONS) {
    const end = containerEnd(compression);
    const at = tail.length - end.length - TRAILER_BYTES;
    if (at < 0 || end.some((byte, i) => byte !== tail[at + TRAILER_BYTES + i])) continue;
    const trailer = new DataView(tail.buffer, tail.byteOffset + at, TRAILER_BYTES);
    if (trailer.getBigUint64(8, true) !== MAGIC) continue;
    const from = at - trailer.getUint32(0, true);
    if (from < 0 || crc32(tail.subarray(from, at)) !== trailer.getUint32(4, true)) {
      throw new SegmentFormatError('its checksum is wrong', Math.max(0, from));
    }
    return { from, to: at, compression };
  }
  throw new SegmentFormatError('there is none at the end of the file', 0);
}

function readBody(body: Uint8Array, from: number): SegmentIndex {
  const reader = new ByteReader(body);
  const version = reader.u16();
  if (version !== SEGMENT_VERSION) throw new SegmentFormatError(`its version ${version} is not supported`, from);
  const compression = SEGMENT_COMPRESSIONS[reader.u8() - 1];
  if (compression === undefined) throw new SegmentFormatError('its compression is not supported', from + 2);
  const count = reader.u8();
  const [records, firstNs, lastNs] = [reader.u32(), reader.u64(), reader.u64()];
  const sums = SUMMED_ACTIONS.map((action): [SummedAction, ActionSums] => [
    action,
    { records: reader.count(), packets: reader.count(), bytes: reader.count() },
  ]);
  const frames: SegmentFrame[] = [];
  let offset = 0;
  for (let i = 0; i < count; i++) {
    const kind = KINDS[reader.u8()];
    if (kind === undefined) throw new SegmentFormatError('it has a frame of unknown kind', from + reader.position - 1);
    const column = reader.text(reader.u8());
    const [bytes, rawBytes, checksum] = [reader.u32(), reader.u32(), reader.u32()];
    frames.push({ column, kind, offset, bytes, rawBytes, crc32: checksum });
    offset += bytes;
  }
  reader.end();
  const actions = Object.fromEntries(sums) as Record<SummedAction, ActionSums>;
  return { compression, records, firstNs, lastNs, actions, frames };
}

function containerHead(compression: SegmentCompression, length: number): Uint8Array {
  if (compression === 'gzip') return gzipHead(GZIP_FIELD, length);
  const head = new Uint8Array(SKIPPABLE_HEAD_BYTES);
  const data = new DataView(head.buffer);
  data.setUint32(0, SKIPPABLE_MAGIC, true);
  data.setUint32(4, length, true);
  return head;
}

function containerEnd(compression: SegmentCompression): Uint8Array {
  return compression === 'zstd' ? new Uint8Array(0) : GZIP_END;
}
