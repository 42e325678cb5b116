/** Reads a pipe into one buffer that is used again, where a stream allocates 64 KiB for each of a thousand reads a second. */
import { readSync } from 'node:fs';
import { type ConnectOpts, Socket, type SocketConstructorOpts } from 'node:net';

const BUFFER_BYTES = 4096;

/** Reads what waits in the pipe now, though the event loop has not come to it yet. Does not block. */
export type ReadNow = () => void;

/** Calls `received` for what arrives in the pipe `fd`; the bytes are valid only during the call. */
export function readPipe(fd: number, received: (bytes: Uint8Array) => void): ReadNow {
  const options: SocketConstructorOpts & ConnectOpts = {
    fd,
    readable: true,
    writable: false,
    onread: {
      buffer: new Uint8Array(BUFFER_BYTES),
      callback: (count, buffer) => {
        received(buffer.subarray(0, count));
        return true;
      },
    },
  };
  // Without `resume` the socket does not begin to read.
  new Socket(options).resume();
  const own = new Uint8Array(BUFFER_BYTES);
  return () => {
    let count: number;
    try {
      count = readSync(fd, own);
    } catch (error) {
      // Nothing waits.
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return;
      throw error;
    }
    if (count > 0) received(own.subarray(0, count));
  };
}
