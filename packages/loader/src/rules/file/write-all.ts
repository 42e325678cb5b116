import { writeSync } from 'node:fs';

/** A disk that is nearly full takes a part of it; asked to take the rest, it says why it does not. */
export function writeAll(file: number, content: string | Uint8Array): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}
