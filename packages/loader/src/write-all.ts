import { writeSync } from 'node:fs';

/** Writes bytes from `at` on, possibly not all, and returns the number written. */
export type Write = (file: number, bytes: Uint8Array, at: number) => number;

/** Writes all bytes. Repeats partial writes: a nearly full disk takes a part, and returns its error for the rest. */
export function writeAll(file: number, content: string | Uint8Array, write: Write = writeSync): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  for (let at = 0; at < bytes.length; ) at += write(file, bytes, at);
}
