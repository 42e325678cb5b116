/** File descriptors that the core passes to the server process. */
export const SERVER_DESCRIPTORS = {
  /** Stream socket: process-channel.ts. */
  channel: 3,
  /** Read end: row-marks.ts. */
  marks: 4,
  /** Memory of the slabs, read-only. */
  slabs: 5,
  /** Write end: numbers of slabs that were read, 4 bytes each (little-endian). */
  released: 6,
} as const;
