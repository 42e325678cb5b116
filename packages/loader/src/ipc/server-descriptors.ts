/** File descriptors that the core passes to the server process. */
export const SERVER_DESCRIPTORS = {
  /** Stream socket: process-channel.ts. With PIPES, the pipe of the messages from the core. */
  channel: 3,
  /** Read end: row-marks.ts. */
  marks: 4,
  /** Memory of the slabs, read-only. */
  slabs: 5,
  /** Write end: numbers of slabs that were read, 4 bytes each (little-endian). */
  released: 6,
  /** With PIPES: the pipe of the messages to the core. */
  answers: 8,
} as const;

/** Argument of a server process whose messages pass through two pipes instead of a socket. */
export const PIPES = 'pipes';

/** Sent with the descriptors to a server that the service manager started: marks, slabs, released. */
export const SERVER_READY = new Uint8Array([1]);
/** Sent in place of SERVER_READY and the descriptors: there is nothing to serve. */
export const NO_SERVER = new Uint8Array([0]);
/** Exit code of a server whose core has ended: the service manager starts another one (EX_TEMPFAIL of sysexits.h). */
export const SERVER_LEFT = 75;
