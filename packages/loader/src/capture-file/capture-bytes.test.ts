import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { captureBytes } from './capture-bytes.ts';

const TEXT = Buffer.alloc(300_000, 'a capture file ');

async function read(chunks: readonly Uint8Array[]): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const bytes of captureBytes(Readable.from(chunks, { objectMode: false }))) all.push(bytes);
  return Buffer.concat(all);
}

const inChunks = (bytes: Uint8Array, size: number) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));

it('returns the bytes, and those in gzip data, however they arrive', async () => {
  for (const size of [1000, 65_536]) {
    expect((await read(inChunks(TEXT, size))).equals(TEXT)).toBe(true);
    expect((await read(inChunks(gzipSync(TEXT), Math.ceil(size / 500)))).equals(TEXT)).toBe(true);
  }
  expect(await read([])).toEqual(Buffer.alloc(0));
  expect(await read([Uint8Array.of(0x1f)])).toEqual(Buffer.of(0x1f));
});

it('rejects damaged gzip data', async () => {
  const damaged = gzipSync(TEXT).subarray(0, 100);
  await expect(read([damaged])).rejects.toThrow('the file is damaged gzip data: unexpected end of file');
  await expect(read([Buffer.concat([damaged.subarray(0, 10), Buffer.alloc(50, 7)])])).rejects.toThrow(
    'damaged gzip data',
  );
});

it('passes on the error of the file itself', async () => {
  async function* broken() {
    yield gzipSync(TEXT).subarray(0, 100);
    throw new Error('EIO: input/output error');
  }
  const reading = async () => {
    for await (const _ of captureBytes(Readable.from(broken(), { objectMode: false })));
  };
  await expect(reading()).rejects.toThrow('EIO');
});
