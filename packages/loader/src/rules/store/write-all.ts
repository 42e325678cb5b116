import { writeSync } from 'node:fs';

/** Writes from `at` on as much as it can, and gives how much that was. */
export type Write = (file: number, bytes: Uint8Array, at: number) => number;

/** A disk that is nearly full takes a part of it; asked to take the rest, it says why it does not. */
export function writeAll(file: number, content: string | Uint8Array, write: Write = writeSync): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  for (let at = 0; at < bytes.length; ) at += write(file, bytes, at);
}
