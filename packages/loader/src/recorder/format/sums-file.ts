/**
 * Files with sums beside a sealed segment. One that is missing, unreadable, damaged or of another segment is as if there
 * were none: the sums are then computed from the records, which costs only time.
 */
import { closeSync, openSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { SegmentFacts } from '@packetlog/common';
import type { SegmentFile } from './segment.ts';

const EXTENSIONS = ['rates', 'pairs'] as const;
export type SumsExtension = (typeof EXTENSIONS)[number];
/** The first bytes of a file. */
const MAGIC = { rates: 'PKTRATE1', pairs: 'PKTPAIR1' } as const;
const [CRC_AT, CHECKED_FROM, BYTES_AT] = [8, 12, 16];
const HEAD_BYTES = 24;
/** For the content of a file: new memory for each would cost more than reading it. Grows to the largest. */
let scratch = Buffer.alloc(2 ** 15);

export function sumsPath(directory: string, sequence: number, extension: SumsExtension): string {
  return join(directory, `${String(sequence).padStart(8, '0')}.${extension}`);
}

/** Writes the sums of a segment. Throws the error of the file system. */
export function writeSums(
  directory: string,
  { sequence, bytes }: Pick<SegmentFile, 'sequence' | 'bytes'>,
  extension: SumsExtension,
  { records, content, mode }: { readonly records: number; readonly content: Uint8Array; readonly mode: number },
): void {
  const file = Buffer.alloc(HEAD_BYTES + content.length);
  file.write(MAGIC[extension], 'latin1');
  file.writeUInt32LE(records, CHECKED_FROM);
  file.writeBigUInt64LE(BigInt(bytes), BYTES_AT);
  file.set(content, HEAD_BYTES);
  file.writeUInt32LE(crc32(file.subarray(CHECKED_FROM)), CRC_AT);
  writeFileSync(sumsPath(directory, sequence, extension), file, { mode });
}

/**
 * Returns the content for a segment with these facts, valid until the next call; undefined if there is none that can be
 * used.
 */
export function readSums(
  directory: string,
  { sequence, bytes }: Pick<SegmentFile, 'sequence' | 'bytes'>,
  extension: SumsExtension,
  { records }: Pick<SegmentFacts, 'records'>,
): Buffer | undefined {
  const file = contentOf(sumsPath(directory, sequence, extension));
  if (file === undefined || file.length < HEAD_BYTES) return undefined;
  if (file.toString('latin1', 0, CRC_AT) !== MAGIC[extension]) return undefined;
  if (file.readUInt32LE(CRC_AT) !== crc32(file.subarray(CHECKED_FROM))) return undefined;
  if (file.readUInt32LE(CHECKED_FROM) !== records || file.readBigUInt64LE(BYTES_AT) !== BigInt(bytes)) return undefined;
  return file.subarray(HEAD_BYTES);
}

/** Returns the size of all sums of a segment. */
export function sumsBytes(directory: string, sequence: number): number {
  return EXTENSIONS.reduce((sum, extension) => {
    const path = sumsPath(directory, sequence, extension);
    return sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0);
  }, 0);
}

export function removeSums(directory: string, sequence: number): void {
  for (const extension of EXTENSIONS) rmSync(sumsPath(directory, sequence, extension), { force: true });
}

/** Valid until the next call; undefined if it cannot be read. */
function contentOf(path: string): Buffer | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    let length = 0;
    for (;;) {
      const read = readSync(fd, scratch, length, scratch.length - length, length);
      if (read === 0) return scratch.subarray(0, length);
      length += read;
      if (length === scratch.length) scratch = Buffer.concat([scratch, Buffer.alloc(length)]);
    }
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
