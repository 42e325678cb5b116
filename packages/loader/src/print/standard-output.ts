/** Opens standard output without blocking: a paused terminal or a slow pipe must not delay clients of the socket. */
import { createWriteStream, fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';

const STDOUT = 1;

export function standardOutput(): Writable {
  if (process.stdout.isTTY) {
    // Node's terminals block; this undoes it. libuv reopened the terminal, so the shell's own descriptor keeps its
    // mode.
    const handle = (process.stdout as unknown as { _handle?: { setBlocking?: (blocking: boolean) => void } })._handle;
    handle?.setBlocking?.(false);
    return process.stdout;
  }
  const kind = fstatSync(STDOUT);
  // Node's own stdout writes to pipes synchronously.
  if (kind.isFIFO() || kind.isSocket()) return new Socket({ fd: STDOUT, readable: false, writable: true });
  return createWriteStream('', { fd: STDOUT, autoClose: false });
}
