import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EMPTY_BOOK, type NamedSet, type RuleBook } from '../book/rule-book.ts';
import { EMPTY_ADDRESS_LIST } from '../index.ts';
import { SetFiles } from './set-files.ts';

let directory = '';
let path = '';
let files: SetFiles;
let book: RuleBook;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-set-files-'));
  path = join(directory, 'feed.txt');
  writeFileSync(path, 'one');
  files = new SetFiles((file) => join(directory, file));
  const origin = { kind: 'file', path: 'feed.txt' } as const;
  const set = { name: 'feed', origin, list: EMPTY_ADDRESS_LIST, text: undefined, loadedAtMs: Date.now() + 1000 };
  book = { ...EMPTY_BOOK, sets: new Map([['feed', set]]) };
  files.changed(book);
});
afterEach(() => rmSync(directory, { recursive: true }));

it('names a set whose file has changed, when it is still, once', () => {
  expect(files.changed(book)).toEqual([]);
  writeFileSync(path, 'one and two');
  expect(files.changed(book)).toEqual([]);
  expect(files.changed(book)).toEqual(['feed']);
  expect(files.changed(book)).toEqual([]);
});

it('waits while it is being written', () => {
  for (let i = 1; i < 5; i++) {
    writeFileSync(path, 'x'.repeat(i * 10));
    expect(files.changed(book)).toEqual([]);
  }
  expect(files.changed(book)).toEqual(['feed']);
});

it('notices a file that was put in its place, with the same size and time', () => {
  const other = join(directory, 'other');
  writeFileSync(other, 'two');
  const at = new Date(1_700_000_000_000);
  utimesSync(path, at, at);
  utimesSync(other, at, at);
  files = new SetFiles((file) => join(directory, file));
  files.changed(book);
  renameSync(other, path);
  files.changed(book);
  expect(files.changed(book)).toEqual(['feed']);
});

it('notices one that has gone, and one that has come back', () => {
  rmSync(path);
  files.changed(book);
  expect(files.changed(book)).toEqual(['feed']);
  writeFileSync(path, 'again');
  files.changed(book);
  expect(files.changed(book)).toEqual(['feed']);
});

it('names one that was written after it was read, before the first look', () => {
  const [set] = book.sets.values();
  const older = { ...book, sets: new Map([['feed', { ...(set as NamedSet), loadedAtMs: 1000 }]]) };
  files = new SetFiles((file) => join(directory, file));
  files.changed(older);
  expect(files.changed(older)).toEqual(['feed']);
});
