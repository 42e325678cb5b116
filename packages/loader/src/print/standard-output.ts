/** Writes to standard output without blocking: a paused terminal or a slow pipe must not delay the socket's clients. */
import { createWriteStream, fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';

const STDOUT = 1;

/** Returns a stream to file descriptor 1. */
export function standardOutput(): Writable {
  if (process.stdout.isTTY) {
    // Node.js makes writes to a terminal blocking. libuv reopened the terminal, so this does not change the mode of the
    // shell's descriptor.
    const handle = (process.stdout as unknown as { _handle?: { setBlocking?: (blocking: boolean) => void } })._handle;
    handle?.setBlocking?.(false);
    return process.stdout;
  }
  const stats = fstatSync(STDOUT);
  // process.stdout writes to pipes synchronously.
  if (stats.isFIFO() || stats.isSocket()) return new Socket({ fd: STDOUT, readable: false, writable: true });
  return createWriteStream('', { fd: STDOUT, autoClose: false });
}
