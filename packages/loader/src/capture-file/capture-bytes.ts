/** The bytes of a capture file, decompressed if it is gzip, without reading the whole file into memory. */
import { createReadStream, openSync } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CaptureFileError } from './captured-frame.ts';

const CHUNK_BYTES = 256 * 1024;
const GZIP_MAGIC = [0x1f, 0x8b];

/** Opens a file; `-`: standard input. Throws the file system's error. */
export function openCapture(path: string): Readable {
  if (path === '-') return process.stdin;
  return createReadStream(path, { fd: openSync(path, 'r'), highWaterMark: CHUNK_BYTES });
}

/** Reads an open file, and destroys it at the end. Throws CaptureFileError for damaged gzip data, or the stream's error. */
export async function* captureBytes(file: Readable): AsyncGenerator<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = file[Symbol.asyncIterator]();
  const head = await firstBytes(chunks, GZIP_MAGIC.length);
  const all = rejoined(head, chunks);
  try {
    if (GZIP_MAGIC.every((byte, i) => head[i] === byte)) yield* gunzipped(all);
    else yield* all;
  } finally {
    file.destroy();
  }
}

/** Reads at least `count` bytes, fewer only at the end. */
async function firstBytes(chunks: AsyncIterator<Uint8Array>, count: number): Promise<Uint8Array> {
  let bytes: Uint8Array = new Uint8Array(0);
  while (bytes.length < count) {
    const { value, done } = await chunks.next();
    if (done) break;
    bytes = Buffer.concat([bytes, value]);
  }
  return bytes;
}

async function* rejoined(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

async function* gunzipped(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = Readable.from(bytes, { objectMode: false });
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // A failed read of the file must not look like damaged gzip data.
  let readError: Error | undefined;
  source.on('error', (error) => {
    readError = error;
    gunzip.destroy(error);
  });
  try {
    yield* source.pipe(gunzip);
  } catch (cause) {
    if (readError !== undefined) throw readError;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CaptureFileError(`the file is damaged gzip data: ${why}`, { cause });
  }
}
