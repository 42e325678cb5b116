import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditEntry } from '@packetlog/common';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AuditLog } from './audit-log.ts';

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

it('returns what was written, newest first', () => {
  for (let i = 1; i <= 5; i++) log.append(entry(i));
  expect(log.newest(3)).toEqual([entry(5), entry(4), entry(3)]);
  expect(log.newest(100)).toHaveLength(5);
});

it('is readable for its owner only, and has one entry per line', () => {
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

it('writes a complete entry when the disk takes a part at a time', () => {
  const slow = new AuditLog(log.path, (file, bytes, at) => writeSync(file, bytes, at, Math.min(7, bytes.length - at)));
  slow.append(entry(1, 'é'.repeat(50)));
  slow.append(entry(2));
  expect(log.newest(10)).toEqual([entry(2), entry(1, 'é'.repeat(50))]);
  expect(readFileSync(log.path, 'utf8').split('\n')).toHaveLength(3);
});

it('throws when the disk is full, even after a partial write, and later entries are complete', () => {
  const full = new AuditLog(log.path, (file, bytes, at) => {
    if (at > 0) throw new Error('ENOSPC: no space left on device, write');
    return writeSync(file, bytes, at, 20);
  });
  expect(() => full.append(entry(1))).toThrow('ENOSPC');
  log.append(entry(2));
  expect(log.newest(10)).toEqual([entry(2)]);
});

it('finds entries in a file of many pieces, whatever their length', () => {
  for (let i = 1; i <= 300; i++) log.append(entry(i, 'é'.repeat(i * 3)));
  expect(log.newest(1000).map(({ revision }) => revision)).toEqual(Array.from({ length: 300 }, (_, i) => 300 - i));
});

it('is bounded: full files are kept beside it, the oldest goes, and all of them are read', () => {
  const small = new AuditLog(log.path, undefined, 1000);
  const bytes = JSON.stringify(entry(100)).length + 1;
  const perFile = Math.ceil(1000 / bytes);
  for (let i = 100; i < 300; i++) small.append(entry(i));
  const names = readdirSync(directory).sort();
  expect(names).toEqual(['audit.ndjson', ...[1, 2, 3, 4].map((age) => `audit.ndjson.${age}`)]);
  for (const name of names) expect(statSync(join(directory, name)).size).toBeLessThan(1000 + bytes);
  const revisions = small.newest(1000).map(({ revision }) => revision);
  expect(revisions).toEqual(Array.from({ length: revisions.length }, (_, i) => 299 - i));
  expect(revisions.length).toBeGreaterThan(4 * perFile);
  expect(small.newest(perFile + 1)).toHaveLength(perFile + 1);
});

it('reads past the gap that a crash during a rotation leaves, and keeps the files behind it', () => {
  const small = new AuditLog(log.path, undefined, 1000);
  for (let i = 100; i < 300; i++) small.append(entry(i));
  const before = small.newest(1000);
  const oldest = readFileSync(`${log.path}.4`, 'utf8');
  // The crash came after .1 was renamed: .2 was free, because .3 and .4 had been renamed already.
  renameSync(`${log.path}.2`, `${log.path}.gone`);
  renameSync(`${log.path}.1`, `${log.path}.2`);
  const rest = small.newest(1000);
  expect(before.length - rest.length).toBe(readFileSync(`${log.path}.gone`, 'utf8').split('\n').length - 1);
  for (let i = 300; !existsSync(`${log.path}.1`); i++) small.append(entry(i));
  expect(readFileSync(`${log.path}.4`, 'utf8')).toBe(oldest);
});

it('does not mistake an unreadable file for one without entries', () => {
  mkdirSync(log.path);
  expect(() => log.newest(10)).toThrow(
    /The audit file \S+audit\.ndjson cannot be read: EISDIR.*Give the loader read access/,
  );
});

it('returns no entries when there is no file', () => {
  expect(log.newest(10)).toEqual([]);
});

it('reads the end of the file only, whatever its size', () => {
  for (let i = 1; i <= 10; i++) log.append(entry(i));
  const size = statSync(log.path).size;
  const longest = Math.max(
    ...readFileSync(log.path, 'utf8')
      .split('\n')
      .map(({ length }) => length + 1),
  );
  // The first of these lines is cut off, so it is not an entry.
  expect(log.newest(100, 3 * longest + 5).map(({ revision }) => revision)).toEqual([10, 9, 8]);
  expect(log.newest(100, size)).toHaveLength(10);
  // A hole of 100 GB in front, and one endless line: neither is read.
  truncateSync(log.path, 1e11);
  log.append(entry(11));
  expect(log.newest(100)).toEqual([entry(11)]);
  appendFileSync(log.path, 'x'.repeat(100_000));
  expect(log.newest(100, 50_000)).toEqual([]);
});
