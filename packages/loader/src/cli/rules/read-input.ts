/** A file or standard input, whole. */
import { createReadStream, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { SetupError } from '../../errors/setup-error.ts';
import { STANDARD_INPUT } from './add-rule.ts';

/** As much as the loader takes. */
const MAX_BYTES = 256 * 1024 * 1024;

/**
 * Reads to the end, however long a writer pauses: what was written until then is never taken for all of it.
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

/** Whether a file can be read again when it changes: no pipe, no terminal, no `<(command)`. */
export function isRegularFile(file: string): boolean {
  return file !== STANDARD_INPUT && (statSync(file, { throwIfNoEntry: false })?.isFile() ?? false);
}
