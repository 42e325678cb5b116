import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditEntry } from '@packetlog/common';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AuditLog } from './audit-log.ts';

vi.mock('node:fs', { spy: true });

let directory = '';
let log: AuditLog;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-audit-'));
  log = new AuditLog(join(directory, 'audit.ndjson'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const entry = (revision: number, why = 'because'): AuditEntry => ({
  at: '2026-01-01T00:00:00.000Z',
  revision,
  what: 'policy',
  who: { name: 'root', via: 'control', uid: 0 },
  why,
});

it('gives back what was written, the newest first', () => {
  for (let i = 1; i <= 5; i++) log.append(entry(i));
  expect(log.newest(3)).toEqual([entry(5), entry(4), entry(3)]);
  expect(log.newest(100)).toHaveLength(5);
});

it('is for its owner alone, and has an entry a line', () => {
  log.append(entry(1));
  log.append(entry(2));
  expect(statSync(log.path).mode & 0o777).toBe(0o600);
  expect(readFileSync(log.path, 'utf8').split('\n')).toHaveLength(3);
});

it('keeps what comes after a line that a crash cut off', () => {
  log.append(entry(1));
  appendFileSync(log.path, '{"at":"2026-01');
  log.append(entry(2));
  expect(log.newest(10)).toEqual([entry(2), entry(1)]);
});

it('writes all of an entry when the disk takes a part at a time', async () => {
  const { writeSync: write } = await vi.importActual<typeof import('node:fs')>('node:fs');
  const shortly = (file: number, data: unknown, at?: unknown) => {
    const bytes = Buffer.from(data as string | Uint8Array);
    return write(file, bytes.subarray(typeof at === 'number' ? at : 0).subarray(0, 7));
  };
  vi.mocked(writeSync).mockImplementation(shortly);
  try {
    log.append(entry(1, 'é'.repeat(50)));
    log.append(entry(2));
  } finally {
    vi.mocked(writeSync).mockRestore();
  }
  expect(log.newest(10)).toEqual([entry(2), entry(1, 'é'.repeat(50))]);
  expect(readFileSync(log.path, 'utf8').split('\n')).toHaveLength(3);
});

it('throws when the disk is full, also after it took a part, and what comes then is whole', async () => {
  const { writeSync: write } = await vi.importActual<typeof import('node:fs')>('node:fs');
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  vi.mocked(writeSync)
    .mockImplementationOnce((file: number, data: unknown) => write(file, Buffer.from(data as string), 0, 20))
    .mockImplementationOnce(() => {
      throw full;
    });
  expect(() => log.append(entry(1))).toThrow(full);
  log.append(entry(2));
  expect(log.newest(10)).toEqual([entry(2)]);
});

it('finds entries in a file of many pieces, whatever their length', () => {
  for (let i = 1; i <= 300; i++) log.append(entry(i, 'é'.repeat(i * 3)));
  expect(log.newest(1000).map(({ revision }) => revision)).toEqual(Array.from({ length: 300 }, (_, i) => 300 - i));
});

it('knows nothing when there is no file', () => {
  expect(log.newest(10)).toEqual([]);
});
