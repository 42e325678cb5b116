/**
 * Reads files whose paths come from users: never blocks on a file, never reads without a limit, never reads on the
 * event loop.
 */
import { constants, lstatSync, type Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';

/** About 1,400,000 lines of IPv6 networks. */
export const MAX_LIST_BYTES = 64 * 1024 * 1024;
/** About 100,000 rules. */
export const MAX_RULES_BYTES = 32 * 1024 * 1024;

/** The file cannot be read as a list or as rules. `message` is the predicate of a sentence about the file. */
export class UnfitFileError extends Error {
  override readonly name = 'UnfitFileError';
}

/**
 * Reads all bytes of a regular file into shared memory. Rejects a FIFO, a device, a socket, a directory and a link to
 * one of them without opening it: opening may block or have side effects. Throws UnfitFileError or the file system's
 * error.
 */
export async function readRegularFile(path: string, maxBytes: number): Promise<Uint8Array> {
  requireRegular(await stat(path), maxBytes);
  // Another file may have replaced it since stat(2).
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const found = await file.stat();
    requireRegular(found, maxBytes);
    return await readWhole(file, found.size, maxBytes);
  } finally {
    await file.close();
  }
}

/**
 * Returns whether a file of any type has this name. Throws the file system's error if that cannot be determined.
 */
export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

async function readWhole(
  file: Awaited<ReturnType<typeof open>>,
  expected: number,
  maxBytes: number,
): Promise<Uint8Array> {
  let bytes = new Uint8Array(new SharedArrayBuffer(expected));
  for (let length = 0; ; ) {
    if (length === bytes.length) {
      // Read one more byte: either the file ends here, or it has grown.
      const more = new Uint8Array(new ArrayBuffer(1));
      const { bytesRead } = await file.read(more, 0, 1, length);
      if (bytesRead === 0) return bytes;
      if (length + 1 > maxBytes) throw tooLong(maxBytes);
      const longer = new Uint8Array(new SharedArrayBuffer(Math.min(maxBytes, 2 * length + 4096)));
      longer.set(bytes);
      longer.set(more, length++);
      bytes = longer;
    }
    const { bytesRead } = await file.read(bytes, length, bytes.length - length, length);
    length += bytesRead;
    if (bytesRead === 0) return bytes.subarray(0, length);
  }
}

function requireRegular(found: Stats, maxBytes: number): void {
  if (!found.isFile()) throw new UnfitFileError(`is ${kindOf(found)}, not a regular file. Name a regular file`);
  if (found.size > maxBytes) throw tooLong(maxBytes, found.size);
}

function tooLong(maxBytes: number, size?: number): UnfitFileError {
  const has = size === undefined ? 'has more' : `has ${size} bytes, more`;
  return new UnfitFileError(`${has} than the limit of ${maxBytes}. Split it into several files`);
}

function kindOf(found: Stats): string {
  if (found.isDirectory()) return 'a directory';
  if (found.isFIFO()) return 'a FIFO';
  if (found.isSocket()) return 'a socket';
  return found.isCharacterDevice() || found.isBlockDevice() ? 'a device' : 'something else';
}
