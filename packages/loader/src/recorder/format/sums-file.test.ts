import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readSums, writeSums } from './sums-file.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-sums-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

it('returns the content of a file of any size, also after a larger one', () => {
  const file = { sequence: 1, bytes: 1000 };
  for (const size of [10, 100_000, 0, 200_000, 1000]) {
    const content = Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * 7) % 251));
    writeSums(directory, file, 'pairs', { records: 5, content, mode: 0o600 });
    expect(readSums(directory, file, 'pairs', { records: 5 })?.equals(content), `${size} bytes`).toBe(true);
    expect(readSums(directory, file, 'pairs', { records: 6 })).toBeUndefined();
  }
  expect(readSums(directory, { ...file, sequence: 2 }, 'pairs', { records: 5 })).toBeUndefined();
});
