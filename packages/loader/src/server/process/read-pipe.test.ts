import { execFileSync } from 'node:child_process';
import { constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { readPipe } from './read-pipe.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-pipe-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function pipe() {
  const path = join(directory, 'pipe');
  execFileSync('mkfifo', [path]);
  const writer = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const received: Buffer[] = [];
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const readNow = readPipe(reader, (bytes) => received.push(Buffer.from(bytes)));
  return { writer, received, readNow };
}

it('passes on what arrives, in pieces that fit into its buffer', async () => {
  const { writer, received } = pipe();
  const sent = Buffer.from(Array.from({ length: 10_000 }, (_, i) => i % 251));
  writeSync(writer, sent);
  await vi.waitFor(() => expect(Buffer.concat(received).equals(sent)).toBe(true));
  writeSync(writer, 'more');
  await vi.waitFor(() => expect(received.at(-1)?.toString()).toBe('more'));
});

it('passes on at once what waits, if it is asked to', async () => {
  const { writer, received, readNow } = pipe();
  readNow();
  expect(received).toEqual([]);
  writeSync(writer, 'first');
  readNow();
  expect(received.map(String)).toEqual(['first']);
  writeSync(writer, 'second');
  await vi.waitFor(() => expect(received.map(String)).toEqual(['first', 'second']));
});
