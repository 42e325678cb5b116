import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeAtomically } from './atomic-file.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-atomic-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

it('replaces the content for the owner only, and leaves no other file', () => {
  const path = join(directory, 'rules.json');
  writeAtomically(path, 'first, and longer');
  writeAtomically(path, 'second');
  expect(readFileSync(path, 'utf8')).toBe('second');
  expect(readdirSync(directory)).toEqual(['rules.json']);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it('leaves nothing behind when it fails', () => {
  const path = join(directory, 'rules.json');
  mkdirSync(path);
  expect(() => writeAtomically(path, 'x')).toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
  expect(readdirSync(directory)).toEqual(['rules.json']);
});
