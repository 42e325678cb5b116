import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAX_SEGMENT_RECORDS } from '@packetlog/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { directory as recorded, start, useRecordDirectory } from '../../test/support/recorder-fixture.ts';
import { SetupError } from '../errors/setup-error.ts';
import { giveRecordDirectory } from './record-directory.ts';

const USER = { uid: 65_533, gid: 65_533 };
const isRoot = process.geteuid?.() === 0;
let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'packetlog-record-'));
});
afterEach(() => rmSync(parent, { recursive: true }));

const owner = (...names: string[]) => statSync(join(parent, ...names)).uid;

// Only root can give files away; without it, this is not tried.
describe.runIf(isRoot)('giveRecordDirectory', () => {
  it('creates the directory, and gives it with the files in it', () => {
    const path = join(parent, 'a', 'record');
    mkdirSync(path, { recursive: true });
    mkdirSync(join(path, 'lost+found'));
    for (const name of ['00000001.hot', '00000002.native.zst', '00000002.pairs', 'journal.ndjson', 'progress.json'])
      writeFileSync(join(path, name), '');
    expect(giveRecordDirectory(path, USER)).toBeUndefined();
    expect(owner('a', 'record')).toBe(USER.uid);
    expect(owner('a', 'record', '00000002.native.zst')).toBe(USER.uid);
    expect([owner('a'), owner('a', 'record', 'lost+found')]).toEqual([0, 0]);
    expect(giveRecordDirectory(path, USER)).toBeUndefined();
  });

  describe('after a recorder', () => {
    useRecordDirectory();
    it('gives all that it wrote', () => {
      const { it: recorder, append } = start();
      append(MAX_SEGMENT_RECORDS + 1);
      recorder.bookmark({ fromNs: 0n, toNs: 2n ** 62n, note: '' });
      recorder.close();
      const names = readdirSync(recorded);
      const kinds = names.map((name) => name.replace(/^\d+/, '1').replace(/(zst|gz)$/, 'x'));
      expect(new Set(kinds)).toEqual(
        new Set(['1.hot', '1.native.x', '1.rates', 'bookmarks.json', 'journal.ndjson', 'progress.json']),
      );
      expect(giveRecordDirectory(recorded, USER)).toBeUndefined();
      expect(names.filter((name) => statSync(join(recorded, name)).uid !== USER.uid)).toEqual([]);
    });
  });

  it('leaves a directory with other files alone', () => {
    writeFileSync(join(parent, 'mail'), '');
    expect(() => giveRecordDirectory(parent, USER)).toThrow(SetupError);
    expect(() => giveRecordDirectory(parent, USER)).toThrow(/it has another file, mail/);
    expect(owner()).toBe(0);
  });

  it('leaves a directory alone in which every user may write', () => {
    chmodSync(parent, 0o1777);
    expect(() => giveRecordDirectory(parent, USER)).toThrow(/every user may write there/);
    expect(owner()).toBe(0);
  });

  it('returns what went wrong where the directory cannot be created', () => {
    writeFileSync(join(parent, 'file'), '');
    expect(giveRecordDirectory(join(parent, 'file', 'record'), USER)).toContain(
      'cannot be given to user 65533: ENOTDIR',
    );
  });
});
