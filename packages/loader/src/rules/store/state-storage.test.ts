import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ENOUGH_BYTES, observeStorage, spaceWarning, storageProblem } from './state-storage.ts';

const FACTS = { directory: '/state', denied: undefined, freeBytes: ENOUGH_BYTES };

describe('the storage of the state directory', () => {
  it.each([
    ['EROFS', FACTS.freeBytes, 'Rules cannot be changed: /state is on a read-only file system'],
    ['EACCES', FACTS.freeBytes, 'Rules cannot be changed: this user may not write to /state'],
    [undefined, 0, 'Rules cannot be changed: the file system of /state is full'],
    ['PSEUDO', FACTS.freeBytes, 'Rules cannot be changed: no file can be stored in /state'],
    [undefined, 1, undefined],
  ])('with access(2) %s and %i bytes', (denied, freeBytes, problem) => {
    expect(storageProblem({ ...FACTS, denied, freeBytes })?.problem).toBe(problem);
  });

  it('is short below the size of two lists', () => {
    expect(spaceWarning(FACTS)).toBeUndefined();
    expect(spaceWarning({ ...FACTS, freeBytes: ENOUGH_BYTES - 1 })?.problem).toBe(
      'The file system of /state has 127 MiB left',
    );
  });

  it('is that of the nearest directory that exists', () => {
    const directory = mkdtempSync(join(tmpdir(), 'packetlog-storage-'));
    expect(observeStorage(join(directory, 'not', 'yet'))).toMatchObject({ directory, denied: undefined });
    rmdirSync(directory);
  });
});
