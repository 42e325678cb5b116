/**
 * Prints to standard output, and waits until it is written: `process.exit` discards output that a pipe has not taken.
 */
import { fstatSync } from 'node:fs';
import { writeAll } from '../../write-all.ts';
import { READER_GONE } from './record-output.ts';

const STDOUT = 1;
/** Longest wait for standard error: its reader may be stopped, and the exit code reports the result anyway. */
const STDERR_MS = 10_000;

const pending = new Set<Promise<void>>();
let failure: NodeJS.ErrnoException | undefined;

/** Handles errors of the standard streams: otherwise a closed pipe would end the process before its work is done. */
export function watchStandardStreams(): void {
  process.stdout.on('error', fail);
  process.stderr.on('error', () => {});
}

/** Queues `text` for standard output, unless an earlier write failed. `printed` reports the failure. */
export function print(text: string | Uint8Array): void {
  if (failure) return;
  try {
    // Node.js ignores partial writes, as on a nearly full disk.
    if (fstatSync(STDOUT).isFile()) writeAll(STDOUT, text);
    else pending.add(write(process.stdout, text));
  } catch (error) {
    fail(error as NodeJS.ErrnoException);
  }
}

/**
 * Waits until everything printed is written, without a time limit. Resolves with the error of a failed write; a reader
 * that has exited, such as `head`, is not a failure.
 */
export async function printed(): Promise<Error | undefined> {
  await Promise.all(pending);
  pending.clear();
  return failure === undefined || READER_GONE.has(failure.code ?? '') ? undefined : failure;
}

/** Resolves when all of standard error is written, or after `STDERR_MS`. */
export async function said(): Promise<void> {
  if (process.stderr.writableLength === 0) return;
  await Promise.race([
    write(process.stderr, ''),
    new Promise((resolve) => {
      setTimeout(resolve, STDERR_MS).unref();
    }),
  ]);
}

/** Writes text. Also resolves if the write fails. */
function write(stream: NodeJS.WriteStream, text: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    stream.write(text, () => resolve());
  });
}

function fail(error: NodeJS.ErrnoException): void {
  failure ??= error;
}
