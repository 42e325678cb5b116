/**
 * Prints on standard output, and waits until the reader has it: `process.exit` discards what a pipe has not taken.
 */
import { fstatSync } from 'node:fs';
import { writeAll } from '../../rules/store/write-all.ts';
import { READER_GONE } from './record-output.ts';

const STDOUT = 1;
/** Longest wait for standard error: its reader may have stopped, and the exit code still reports the result. */
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
    // Node ignores how much of a write a nearly full disk took.
    if (fstatSync(STDOUT).isFile()) writeAll(STDOUT, text);
    else pending.add(write(process.stdout, text));
  } catch (error) {
    fail(error as NodeJS.ErrnoException);
  }
}

/**
 * Resolves when standard output has everything that was printed, with why it could not be written; a reader that has
 * ended, such as `head`, is no failure. Waits for a slow reader without limit.
 */
export async function printed(): Promise<Error | undefined> {
  await Promise.all(pending);
  pending.clear();
  return failure === undefined || READER_GONE.has(failure.code ?? '') ? undefined : failure;
}

/** Resolves when standard error has all output, or after `STDERR_MS`. */
export async function said(): Promise<void> {
  if (process.stderr.writableLength === 0) return;
  await Promise.race([
    write(process.stderr, ''),
    new Promise((resolve) => {
      setTimeout(resolve, STDERR_MS).unref();
    }),
  ]);
}

/** Resolves also when the write fails. */
function write(stream: NodeJS.WriteStream, text: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    stream.write(text, () => resolve());
  });
}

function fail(error: NodeJS.ErrnoException): void {
  failure ??= error;
}
