import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isThere, readRegularFile, UnfitFileError } from './regular-file.ts';

let directory = '';
const path = (name: string) => join(directory, name);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-regular-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

it.each([0, 1, 70_000])('reads a file of %i bytes, into memory that threads can share', async (length) => {
  writeFileSync(path('list'), 'x'.repeat(length));
  const bytes = await readRegularFile(path('list'), 100_000);
  expect(bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(Buffer.from(bytes).toString()).toBe('x'.repeat(length));
});

it('reads a file that reports no size', async () => {
  const bytes = await readRegularFile('/proc/self/status', 100_000);
  expect(Buffer.from(bytes).toString()).toMatch(/^Name:\s[\s\S]*\n$/);
});

it.each<[string, () => unknown, RegExp]>([
  ['a FIFO that nothing writes to', () => execFileSync('mkfifo', [path('list')]), /is a FIFO/],
  ['a directory', () => mkdirSync(path('list')), /is a directory/],
  ['a link to an endless device', () => symlinkSync('/dev/zero', path('list')), /is a device/],
  ['a link to a terminal', () => symlinkSync('/dev/tty', path('list')), /is a device/],
  [
    'a sparse file of a terabyte',
    () => {
      writeFileSync(path('list'), '');
      truncateSync(path('list'), 2 ** 40);
    },
    /has 1099511627776 bytes, more than the limit of 1000/,
  ],
])('rejects %s at once', async (_, make, problem) => {
  make();
  const reading = readRegularFile(path('list'), 1000);
  await expect(reading).rejects.toThrow(UnfitFileError);
  await expect(reading).rejects.toThrow(problem);
});

it('rejects a socket at once', async () => {
  const server = createServer().listen(path('list'));
  await new Promise((resolve) => server.once('listening', resolve));
  await expect(readRegularFile(path('list'), 1000)).rejects.toThrow(/is a socket/);
  await new Promise((resolve) => server.close(resolve));
});

it('says which file does not exist, and counts a dangling link as existing', async () => {
  await expect(readRegularFile(path('none'), 1000)).rejects.toThrow(/ENOENT/);
  symlinkSync(path('none'), path('link'));
  expect([isThere(path('none')), isThere(path('link'))]).toEqual([false, true]);
});
