import { writeSync } from 'node:fs';

/** Writes as much as possible from `at` on, and returns the number of bytes written. */
export type Write = (file: number, bytes: Uint8Array, at: number) => number;

/** Repeats partial writes: a nearly full disk takes a part, and reports its error for the rest. */
export function writeAll(file: number, content: string | Uint8Array, write: Write = writeSync): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  for (let at = 0; at < bytes.length; ) at += write(file, bytes, at);
}
