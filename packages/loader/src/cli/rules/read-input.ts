/** Reads a file or standard input to its end. */
import { createReadStream, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { SetupError } from '../../errors/setup-error.ts';
import { STANDARD_INPUT } from './add-rule.ts';

/** The loader's limit of a request body. */
const MAX_BYTES = 256 * 1024 * 1024;

/**
 * Reads all of a file or of standard input. Waits for a writer that pauses, so the input is never truncated. Throws
 * SetupError.
 */
export async function readInput(file: string): Promise<Buffer> {
  const input: Readable = file === STANDARD_INPUT ? process.stdin : createReadStream(file);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > MAX_BYTES) throw new Error(`it is longer than ${MAX_BYTES} bytes`);
      chunks.push(chunk);
    }
  } catch (cause) {
    const target = file === STANDARD_INPUT ? 'standard input' : file;
    throw new SetupError({ step: 'read', target, exit: 'usage', cause });
  }
  return Buffer.concat(chunks, length);
}

/** Returns whether a file can be read again when it changes: it is not a pipe, a terminal or `<(command)`. */
export function isRegularFile(file: string): boolean {
  return file !== STANDARD_INPUT && (statSync(file, { throwIfNoEntry: false })?.isFile() ?? false);
}
