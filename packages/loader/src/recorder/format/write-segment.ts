/** Puts sealed segments in place of hot files, so that a crash at any moment leaves one of both whole. */
import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { columnsOf, PACKET_LOG_SIZE, type RecordColumns, type SegmentIndex } from '@packetlog/common';
import { writeAll } from '../../write-all.ts';
import { DEFAULT_COMPRESSION } from './compression.ts';
import { type SealOptions, sealColumns } from './seal-segment.ts';
import type { SegmentFile } from './segment.ts';
import { segmentName } from './segment-name.ts';
import { writePairs } from './segment-pairs.ts';
import { ratesOf, writeRates } from './segment-rates.ts';
import { removeSums } from './sums-file.ts';

export interface WriteOptions extends SealOptions {
  /** Permission bits of the file; default: for its owner only. */
  readonly mode?: number;
}

const OWNER_ONLY = 0o600;

export interface WrittenSegment extends SegmentFile {
  readonly index: SegmentIndex;
}

/**
 * Seals 1 to 65,536 records as segment `sequence`, removes its hot file if there is one, and writes its sums. The file is on the
 * disk when this returns. Throws the error of the file system; the hot file is then as it was.
 */
export function writeSegment(
  directory: string,
  sequence: number,
  records: Uint8Array,
  { mode = OWNER_ONLY, ...options }: WriteOptions,
): WrittenSegment {
  const kind = options.compression ?? DEFAULT_COMPRESSION;
  const path = join(directory, segmentName(sequence, kind));
  const columns = columnsOf(records);
  const { bytes, index } = sealColumns(columns, options);
  writeDurably(`${path}.tmp`, bytes, mode);
  renameSync(`${path}.tmp`, path);
  syncDirectory(dirname(path));
  rmSync(join(directory, segmentName(sequence, 'hot')), { force: true });
  const written = { sequence, kind, path, bytes: bytes.length, index };
  writeAllSums(directory, written, columns, mode);
  return written;
}

function writeAllSums(directory: string, written: WrittenSegment, columns: RecordColumns, mode: number): void {
  try {
    // Of earlier records, of which some are now forgotten.
    removeSums(directory, written.sequence);
    const rates = ratesOf(columns, written.index);
    if (rates !== undefined) writeRates(directory, written, rates, mode);
    writePairs(directory, written, columns, { compression: written.index.compression, mode });
  } catch {
    // Without them, sums are computed from the records.
  }
}

/** Cuts a last record that is not whole off a hot file, and returns the file's records. */
export function repairHotFile(path: string): Uint8Array {
  const bytes = readFileSync(path);
  const whole = bytes.length - (bytes.length % PACKET_LOG_SIZE);
  if (whole < bytes.length) {
    const fd = openSync(path, 'r+');
    try {
      ftruncateSync(fd, whole);
    } finally {
      closeSync(fd);
    }
  }
  return bytes.subarray(0, whole);
}

function writeDurably(path: string, bytes: Uint8Array, mode: number): void {
  try {
    const fd = openSync(path, 'w', mode);
    try {
      writeAll(fd, bytes);
      fdatasyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

function syncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
