/** Compresses and decompresses the frames of segment files. */
import * as zlib from 'node:zlib';
import { gzipMember, type SegmentCompression } from '@packetlog/common';

interface ZstdOptions {
  readonly params?: Readonly<Record<number, number>>;
  readonly pledgedSrcSize?: number;
  readonly maxOutputLength?: number;
  readonly chunkSize?: number;
}

/** Node.js 22.15 and later; the types that this package builds with are older. */
interface Zstd {
  readonly zstdCompressSync?: (bytes: Uint8Array, options: ZstdOptions) => Buffer;
  readonly zstdDecompressSync?: (bytes: Uint8Array, options: ZstdOptions) => Buffer;
}

const { zstdCompressSync, zstdDecompressSync } = zlib as Zstd;
/** Parameters of zstd.h: ZSTD_c_compressionLevel, ZSTD_c_minMatch, ZSTD_c_checksumFlag. */
const [LEVEL, MIN_MATCH, CHECKSUM] = [100, 105, 201];
/**
 * Level 1 looks for matches of 7 bytes, but of a timestamp only the upper 5 repeat: with 5, timestamps need 3.5 bytes
 * instead of 5.0 (docs/decisions/recorder.md).
 */
const ZSTD_PARAMS = { [LEVEL]: 1, [MIN_MATCH]: 5, [CHECKSUM]: 1 };
/** For small data that is read often. */
const ZSTD_SMALLER = { [LEVEL]: 6 };

/** zstd where this Node.js has it, otherwise gzip. */
export const DEFAULT_COMPRESSION: SegmentCompression = zstdCompressSync === undefined ? 'gzip' : 'zstd';

/** Returns a whole frame. Throws an Error if this Node.js lacks the compression. */
export function compressFrame(compression: SegmentCompression, raw: Uint8Array): Uint8Array {
  if (compression === 'gzip') return gzipMember(zlib.deflateRawSync(raw, { level: 1 }), zlib.crc32(raw), raw.length);
  if (zstdCompressSync === undefined) throw withoutZstd();
  return zstdCompressSync(raw, { params: ZSTD_PARAMS, pledgedSrcSize: raw.length });
}

/** As `compressFrame`, smaller and more slowly. */
export function compressMore(compression: SegmentCompression, raw: Uint8Array): Uint8Array {
  if (compression === 'gzip' || zstdCompressSync === undefined) return compressFrame(compression, raw);
  return zstdCompressSync(raw, { params: ZSTD_SMALLER, pledgedSrcSize: raw.length });
}

/** Smaller buffers would be parts of a larger one, which `freeBytes` cannot free. */
const MIN_CHUNK = Buffer.poolSize / 2;
const MAX_CHUNK = 1024 * 1024;

/** One piece of memory for the whole frame, otherwise node:zlib collects pieces of 16 KiB and copies them. */
function decompressOptions(maxBytes: number): ZstdOptions {
  // A piece that is full makes it allocate another one. A larger limit is no size: the frame's is not known.
  if (maxBytes >= MAX_CHUNK) return { maxOutputLength: maxBytes };
  return { maxOutputLength: maxBytes, chunkSize: Math.max(maxBytes + 1, MIN_CHUNK) };
}

/** Throws an Error if the frame is damaged, would have more than `maxBytes`, or this Node.js lacks the compression. */
export function decompressFrame(compression: SegmentCompression, frame: Uint8Array, maxBytes: number): Uint8Array {
  if (compression === 'gzip') return zlib.gunzipSync(frame, decompressOptions(maxBytes));
  if (zstdDecompressSync === undefined) throw withoutZstd();
  return zstdDecompressSync(frame, decompressOptions(maxBytes));
}

function withoutZstd(): Error {
  return new Error('this Node.js has no zstd; use Node.js 22.15 or later');
}
