import { mkdtempSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EMPTY_ADDRESS_LIST } from '../lists/address-list.ts';
import { EMPTY_RULESET, type NamedSet, type Ruleset } from '../ruleset/ruleset.ts';
import { isSettled, SETTLE_MS, SetFiles, stampOf } from './set-files.ts';

let directory = '';
let path = '';
let files: SetFiles;
let ruleset: Ruleset;
let nowMs = 0;
/** Polls after this many milliseconds. */
const poll = (afterMs = 1000) => {
  nowMs += afterMs;
  return files.changed(ruleset, nowMs);
};
const decide = () => files.decide(ruleset.sets.get('feed') as NamedSet, 'feed.txt', stampOf(path));
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-set-files-'));
  path = join(directory, 'feed.txt');
  writeFileSync(path, 'one');
  files = new SetFiles((file) => join(directory, file));
  const origin = { kind: 'file', path: 'feed.txt' } as const;
  const set = { name: 'feed', origin, list: EMPTY_ADDRESS_LIST, text: undefined, loadedAtMs: Date.now() + 1000 };
  ruleset = { ...EMPTY_RULESET, sets: new Map([['feed', set]]) };
  nowMs = 0;
  poll();
  decide();
});
afterEach(() => rmSync(directory, { recursive: true }));

it('names a set whose changed file has settled, until it is decided', () => {
  expect(poll()).toEqual([]);
  writeFileSync(path, 'one and two');
  expect(poll()).toEqual([]);
  expect(poll(SETTLE_MS - 1)).toEqual([]);
  expect(poll(1)).toEqual(['feed']);
  expect(poll()).toEqual(['feed']);
  decide();
  expect(poll()).toEqual([]);
});

it('waits while the file is being written, even if the writer pauses', () => {
  for (let i = 1; i < 5; i++) {
    writeFileSync(path, 'x'.repeat(i * 10));
    expect(poll()).toEqual([]);
    expect(poll(SETTLE_MS - 1)).toEqual([]);
  }
  expect(poll(1)).toEqual(['feed']);
});

it('waits as long again if the file turns out to be incomplete', () => {
  writeFileSync(path, 'half');
  poll();
  expect(poll(SETTLE_MS)).toEqual(['feed']);
  const set = ruleset.sets.get('feed') as NamedSet;
  files.postpone(set, 'feed.txt', nowMs);
  expect(poll(SETTLE_MS - 1)).toEqual([]);
  expect(poll(1)).toEqual(['feed']);
  expect(files.stillMs(set, 'feed.txt', nowMs)).toBe(2 * SETTLE_MS);
});

it('takes a file that replaced it at the next poll, even with the same size and time', () => {
  const other = join(directory, 'other');
  writeFileSync(other, 'two');
  const at = new Date(1_700_000_000_000);
  utimesSync(path, at, at);
  utimesSync(other, at, at);
  files = new SetFiles((file) => join(directory, file));
  poll();
  decide();
  renameSync(other, path);
  poll();
  expect(poll()).toEqual(['feed']);
});

it('notices a file that was removed, and one that returned', () => {
  rmSync(path);
  poll();
  expect(poll(SETTLE_MS)).toEqual(['feed']);
  decide();
  writeFileSync(path, 'again');
  poll();
  expect(poll(SETTLE_MS)).toEqual(['feed']);
});

it('names a file at the first poll, whatever its times: it may have been written since it was read elsewhere', () => {
  files = new SetFiles((file) => join(directory, file));
  expect(poll()).toEqual([]);
  expect(poll(SETTLE_MS)).toEqual(['feed']);
  decide();
  expect(poll(SETTLE_MS)).toEqual([]);
});

it('takes at start only what was written long enough ago', () => {
  const { mtimeMs } = statSync(path);
  expect([isSettled(path, mtimeMs + SETTLE_MS - 1), isSettled(path, mtimeMs + SETTLE_MS)]).toEqual([false, true]);
});
