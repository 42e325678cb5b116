/** Reads a file or standard input to its end. */
import { createReadStream, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { SetupError } from '../../errors/setup-error.ts';
import { STANDARD_INPUT } from './add-rule.ts';

/** The limit of the loader. */
const MAX_BYTES = 256 * 1024 * 1024;

/**
 * Waits for a writer that pauses: a part of the input is never taken for all of it.
 * Throws SetupError.
 */
export async function readInput(file: string): Promise<Buffer> {
  const input: Readable = file === STANDARD_INPUT ? process.stdin : createReadStream(file);
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of input as AsyncIterable<Buffer>) {
      length += piece.length;
      if (length > MAX_BYTES) throw new Error(`it is longer than ${MAX_BYTES} bytes`);
      pieces.push(piece);
    }
  } catch (cause) {
    const target = file === STANDARD_INPUT ? 'standard input' : file;
    throw new SetupError({ step: 'read', target, exit: 'usage', cause });
  }
  return Buffer.concat(pieces, length);
}

/** Returns whether a file can be read again when it changes: it is no pipe, terminal or `<(command)`. */
export function isRegularFile(file: string): boolean {
  return file !== STANDARD_INPUT && (statSync(file, { throwIfNoEntry: false })?.isFile() ?? false);
}
