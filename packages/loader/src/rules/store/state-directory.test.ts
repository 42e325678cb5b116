import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkOwnerRights, checkStateDirectory, makeStateDirectory, statePaths } from './state-directory.ts';

const OTHER = 4242;
let base = '';
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'packetlog-state-'));
});
afterEach(() => rmSync(base, { recursive: true }));

const paths = (directory = base) => statePaths({ PACKETLOG_STATE_DIR: directory });
const modeOf = (path: string) => statSync(path).mode & 0o777;

it('is created for its owner only, with its missing parents', () => {
  const deep = join(base, 'a', 'b');
  makeStateDirectory(paths(deep));
  makeStateDirectory(paths(deep));
  expect([deep, join(deep, 'sets')].map(modeOf)).toEqual([0o700, 0o700]);
  chmodSync(deep, 0o755);
  makeStateDirectory(paths(deep));
  expect(modeOf(deep)).toBe(0o700);
});

it('cannot be created below a file, nor in a file system that permits no new directories', () => {
  writeFileSync(join(base, 'file'), '');
  expect(() => makeStateDirectory(paths(join(base, 'file', 'x')))).toThrow(/ENOTDIR/);
  // On Node 20, mkdir with `recursive` does not return here.
  expect(() => makeStateDirectory(paths('/proc/self/fdinfo/a/b'))).toThrow(/ENOENT/);
});

it('accepts the longest path that a socket can have, and no longer', () => {
  const longest = 107 - '/control.sock'.length;
  const exactly = join(base, 'x'.repeat(longest - base.length - 1));
  expect(() => checkStateDirectory(paths(exactly))).not.toThrow();
  expect(() => checkStateDirectory(paths(`${exactly}x`))).toThrow(
    /would have 108 bytes, and Linux permits 107\. Name a directory with a shorter path/,
  );
  // The limit is in bytes, not characters.
  expect(() => checkStateDirectory(paths(`${exactly.slice(0, -1)}é`))).toThrow(/108 bytes/);
});

describe.skipIf(process.getuid?.() !== 0)('is not used if another user', () => {
  const rejection = () => {
    try {
      checkStateDirectory(paths());
    } catch (error) {
      return (error as Error).message;
    }
    return undefined;
  };

  it('owns it', () => {
    chownSync(base, OTHER, OTHER);
    expect(rejection()).toContain(`use state directory ${base}: ${base} belongs to another user (uid 4242).`);
  });

  it('may write to it', () => {
    chmodSync(base, 0o777);
    expect(rejection()).toContain('can be changed by other users (mode 0777)');
  });

  it('put a link or a file into it', () => {
    makeStateDirectory(paths());
    expect(rejection()).toBeUndefined();
    const audit = join(base, 'audit.ndjson');
    symlinkSync('/etc/passwd', audit);
    expect(rejection()).toBeUndefined();
    lchownSync(audit, OTHER, OTHER);
    expect(rejection()).toContain(`${audit} belongs to another user`);
    rmSync(audit);
    const list = join(base, 'sets', 'drop.txt');
    writeFileSync(list, '');
    chownSync(list, OTHER, OTHER);
    expect(rejection()).toContain(`${list} belongs to another user`);
  });

  it('owns it as the user of cores, with whose rights root may not work', () => {
    chownSync(base, OTHER, OTHER);
    const check = (capabilities: bigint) => () => checkOwnerRights(paths(), () => [OTHER], capabilities);
    expect(check(~0n)).not.toThrow();
    expect(check(0n)).toThrow(
      `use state directory ${base}: it belongs to user ${OTHER}, and root without CAP_SETGID and CAP_SETUID cannot work there as that user. Start packetlog with CAP_SETGID and CAP_SETUID, or name another directory with PACKETLOG_STATE_DIR.`,
    );
    chownSync(base, 0, 0);
    expect(check(0n)).not.toThrow();
  });

  it('owns a directory on the way', () => {
    const theirs = join(base, 'theirs');
    mkdirSync(join(theirs, 'ours'), { recursive: true });
    chownSync(theirs, OTHER, OTHER);
    expect(() => checkStateDirectory(paths(join(theirs, 'ours')))).toThrow(`${theirs} belongs to another user`);
  });
});
