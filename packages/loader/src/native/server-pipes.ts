/** What the core shares with the server process: memory that only the core can write, and pipes. */
import { fchmodSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { C, call } from './ffi.ts';
import { checked, closeDescriptor, mapShared } from './libc.ts';

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
/** F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW and F_SEAL_FUTURE_WRITE of fcntl(2). */
const SEALS = 0x1 | 0x2 | 0x4 | 0x10;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const INT_BYTES = 4;

interface Ends {
  readonly marks: number;
  readonly released: number;
  /** To read from, and to write to. */
  readonly messages?: { readonly in: number; readonly out: number };
}

/** Creates the pipes, non-blocking on all ends; those for messages only if `withMessages`. Throws SystemCallError. */
export function createServerPipes(withMessages = false): { readonly core: Ends; readonly server: Ends } {
  const marks = createPipe();
  const released = createPipe();
  const core = { marks: marks.write, released: released.read };
  const server = { marks: marks.read, released: released.write };
  if (!withMessages) return { core, server };
  const [toServer, toCore] = [createPipe(), createPipe()];
  return {
    core: { ...core, messages: { in: toCore.read, out: toServer.write } },
    server: { ...server, messages: { in: toServer.read, out: toCore.write } },
  };
}

function createPipe(): { read: number; write: number } {
  const ends = new Uint8Array(2 * INT_BYTES);
  checked(
    'pipe2',
    call('libc', 'pipe2', C.int, [
      [C.bytes, ends],
      [C.int, O_NONBLOCK | O_CLOEXEC],
    ]),
  );
  const view = new DataView(ends.buffer);
  return { read: view.getInt32(0, true), write: view.getInt32(INT_BYTES, true) };
}

/** Creates anonymous memory of `bytes` bytes: memfd_create(2). Throws SystemCallError. */
export function createSharedMemory(bytes: number): { readonly writable: number; readonly readOnly: number } {
  const fd = checked(
    'memfd_create',
    call('libc', 'memfd_create', C.int, [
      [C.string, 'packetlog-rows'],
      [C.unsigned, MFD_CLOEXEC | MFD_ALLOW_SEALING],
    ]),
  );
  fchmodSync(fd, 0o600);
  ftruncateSync(fd, bytes);
  return { writable: fd, readOnly: openSync(`/proc/self/fd/${fd}`, 'r') };
}

/**
 * Maps the whole memory of `createSharedMemory`, and seals it: its size stays, and nothing else can write to it. Closes
 * `writable`. Throws SystemCallError.
 */
export function mapAndSeal(writable: number): Uint8Array {
  try {
    const memory = mapShared(writable, 0, fstatSync(writable).size, 'read-write');
    checked(
      'fcntl F_ADD_SEALS',
      call('libc', 'fcntl', C.int, [
        [C.int, writable],
        [C.int, F_ADD_SEALS],
        [C.int, SEALS],
      ]),
    );
    return memory;
  } finally {
    // Not fs.closeSync: Node.js warns if a worker closes a descriptor that another thread has opened.
    closeDescriptor(writable);
  }
}

/**
 * Reads what is waiting in a pipe into `into`; returns the number of bytes, 0 if there is nothing. Call it when something
 * is likely to wait: an exception costs more than a call of read(2) through ffi-rs, which costs six times as much as this.
 */
export function readWaiting(fd: number, into: Uint8Array): number {
  try {
    return readSync(fd, into);
  } catch {
    return 0;
  }
}
