import { closeSync, linkSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writerOf } from './open-writers.ts';

let directory = '';
let path = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-writers-'));
  path = join(directory, 'list.txt');
  writeFileSync(path, 'first\n');
});
afterEach(() => rmSync(directory, { recursive: true }));

it('finds the process that has a file open for writing, under any of its names, until it closes it', async () => {
  linkSync(path, join(directory, 'other.txt'));
  for (const mode of ['a', 'r+', 'w']) {
    const file = openSync(join(directory, 'other.txt'), mode);
    expect(await writerOf(path)).toBe(process.pid);
    closeSync(file);
    expect(await writerOf(path)).toBeUndefined();
  }
});

it('ignores readers', async () => {
  const file = openSync(path, 'r');
  expect(await writerOf(path)).toBeUndefined();
  closeSync(file);
});
