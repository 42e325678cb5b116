import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '../../errors/exit-codes.ts';
import { SetupError } from '../../errors/setup-error.ts';
import { readPageFiles } from './page-files.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-pages-'));
  writeFileSync(join(directory, 'index.html'), 'page');
});
afterEach(() => rmSync(directory, { recursive: true }));

const names = () => readPageFiles(directory).map(({ name }) => name);

describe('the files of a dashboard', () => {
  it('are read with their folders, except files that begin with a dot', () => {
    mkdirSync(join(directory, 'a', 'b'), { recursive: true });
    writeFileSync(join(directory, 'a', 'b', 'c.js'), 'c');
    writeFileSync(join(directory, '.env'), 'secret');
    mkdirSync(join(directory, '.git'));
    writeFileSync(join(directory, '.git', 'config'), 'secret');
    // Lock links as editors leave them.
    symlinkSync('user@host.123', join(directory, '.#index.html'));
    expect(names()).toEqual(['a/b/c.js', 'index.html']);
  });

  it('may be links to files and directories', () => {
    mkdirSync(join(directory, 'a'));
    writeFileSync(join(directory, 'a', 'x'), 'x');
    symlinkSync('a', join(directory, 'b'));
    symlinkSync('a/x', join(directory, 'y'));
    expect(names()).toEqual(['a/x', 'b/x', 'index.html', 'y']);
  });

  it.each<[string, RegExp, (at: (name: string) => string) => void]>([
    ['a dangling link', /odd: it is a dangling link\. .*--ui/, (at) => symlinkSync('gone', at('odd'))],
    ['a link to itself', /odd: it cannot be read .*ELOOP/, (at) => symlinkSync('odd', at('odd'))],
    ['a directory that leads back', /16 directories deep/, (at) => symlinkSync('.', at('odd'))],
    ['a FIFO, which would block', /odd: it is neither a file/, (at) => execFileSync('mkfifo', [at('odd')])],
    ['a device', /odd: it is neither a file/, (at) => symlinkSync('/dev/zero', at('odd'))],
    [
      'a huge file, though nothing is in it',
      /more than 64 MiB are in it/,
      (at) => {
        writeFileSync(at('odd'), '');
        truncateSync(at('odd'), 1e12);
      },
    ],
    [
      'very many files',
      /more than 5000 files/,
      (at) => {
        for (let i = 0; i < 5000; i++) writeFileSync(at(`f${i}`), '');
      },
    ],
  ])('are rejected with the reason: %s', (_, message, make) => {
    make((name) => join(directory, name));
    expect(() => readPageFiles(directory)).toThrow(message);
    expect(() => readPageFiles(directory)).toThrow(expect.objectContaining({ exitCode: EXIT.usage }));
    expect(() => readPageFiles(directory)).toThrow(SetupError);
  });
});

it('a directory without a built dashboard is rejected with the next action', () => {
  expect(() => readPageFiles('/nonexistent')).toThrow(SetupError);
  expect(() => readPageFiles('/nonexistent')).toThrow(/it has no index\.html.*--ui off/);
});
