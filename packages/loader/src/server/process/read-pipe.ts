/** Reads a pipe into one buffer that is used again, where a stream allocates 64 KiB for each of a thousand reads a second. */
import { type ConnectOpts, Socket, type SocketConstructorOpts } from 'node:net';

const BUFFER_BYTES = 4096;

/** Calls `received` for what arrives in the pipe `fd`; the bytes are valid only during the call. */
export function readPipe(fd: number, received: (bytes: Uint8Array) => void): void {
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
}
