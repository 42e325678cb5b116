/** Room on the file system of the recorder. */
import { statfsSync } from 'node:fs';

/** A hot file and the segment that it becomes. */
const NEEDED_BYTES = 8 * 1024 * 1024;
const GIB = 1024 ** 3;
const MAX_DEFAULT_BYTES = 2 * GIB;
const DISK_SHARE = 20;

/** Throws an Error if the file system has too little room for a segment. */
export function requireSpace(directory: string): void {
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize < NEEDED_BYTES) throw new Error(`less than ${NEEDED_BYTES / 2 ** 20} MiB is free`);
}

/** Returns the bytes that segments may take unless the operator says otherwise: 2 GiB, or a twentieth of a small disk. */
export function defaultMaxBytes(directory: string): number {
  const { blocks, bsize } = statfsSync(directory);
  return Math.min(MAX_DEFAULT_BYTES, Math.floor((blocks * bsize) / DISK_SHARE));
}
