// @ts-check
/** Sends raw frames through a packet socket (packet(7)). */
import { setImmediate } from 'node:timers/promises';
import { pace } from './pace.mjs';

const AF_PACKET = 17;
const SOCK_RAW = 3;
const ENOBUFS = 105;
/** Attempts to send a frame to a full queue before it counts as an error. */
const ATTEMPTS = 10_000;

/** Builds a struct sockaddr_ll for sending: only family and interface matter. @param {number} ifindex */
export function linkAddress(ifindex) {
  const bytes = Buffer.alloc(20);
  bytes.writeUInt16LE(AF_PACKET, 0);
  bytes.writeInt32LE(ifindex, 4);
  return bytes;
}

/** Loaded on demand: only raw frames need the native module. */
export async function openLibc() {
  const { DataType, load, open } = await import('ffi-rs');
  open({ library: 'libc', path: 'libc.so.6' });
  /** @type {(name: string, types: any[], values: unknown[]) => { value: number, errno: number }} */
  const call = (funcName, paramsType, paramsValue) => {
    const options = { library: 'libc', funcName, retType: DataType.I32, paramsType, paramsValue, errno: true };
    const { value, errnoCode } = /** @type {any} */ (load(/** @type {any} */ (options)));
    return { value, errno: errnoCode };
  };
  const { I32, U64, U8Array } = DataType;
  return {
    socket: () => call('socket', [I32, I32, I32], [AF_PACKET, SOCK_RAW, 0]),
    /** @type {(fd: number, frame: Uint8Array, to: Uint8Array) => { value: number, errno: number }} */
    send: (fd, frame, to) =>
      call('sendto', [I32, U8Array, U64, I32, U8Array, I32], [fd, frame, frame.length, 0, to, to.length]),
    /** @type {(fd: number) => void} */
    close: (fd) => void call('close', [I32], [fd]),
  };
}

/**
 * Sends all frames `repeat` times, in order. Retries when the queue is full (ENOBUFS); counts other errors.
 * @param {{ ifindex: number, frames: Uint8Array[], repeat: number, perSecond?: number }} options
 */
export async function sendFrames({ ifindex, frames, repeat, perSecond }) {
  const libc = await openLibc();
  const { value: fd, errno } = libc.socket();
  if (fd < 0) throw new Error(`socket(AF_PACKET): errno ${errno}`);
  const to = linkAddress(ifindex);
  const buffers = frames.map((frame) => Buffer.from(frame));
  let sent = 0;
  let retries = 0;
  const errors = /** @type {Record<string, number>} */ ({});
  await pace(frames.length * repeat, perSecond, async (i) => {
    const frame = /** @type {Buffer} */ (buffers[i % buffers.length]);
    for (let attempt = 1; ; attempt++) {
      const { value, errno } = libc.send(fd, frame, to);
      if (value === frame.length) {
        sent++;
        return;
      }
      if (errno !== ENOBUFS || attempt === ATTEMPTS) {
        errors[`errno ${errno}`] = (errors[`errno ${errno}`] ?? 0) + 1;
        return;
      }
      retries++;
      await setImmediate();
    }
  });
  libc.close(fd);
  return { sent, retries, errors };
}
