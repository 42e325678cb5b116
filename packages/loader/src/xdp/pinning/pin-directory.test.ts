import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PinDirectory } from './pin-directory.ts';

const NAME = 'net_1';

describe('the directory of pins', () => {
  let root: string;
  let base: string;
  const fileSystem = () => ({ path: base, base, ours: join(base, 'packetlog'), release: () => {} });

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'packetlog-pins-'));
    base = join(root, 'bpf');
    mkdirSync(base);
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('is made with its parent', () => {
    const directory = PinDirectory.make(fileSystem(), NAME);
    expect(readdirSync(join(base, 'packetlog'))).toEqual([NAME]);
    directory.removeAll(/^/);
    expect(readdirSync(base)).toEqual([]);
  });

  it('is not made through a symbolic link in place of its parent', () => {
    const elsewhere = join(root, 'elsewhere');
    mkdirSync(elsewhere, { mode: 0o700 });
    symlinkSync(elsewhere, join(base, 'packetlog'));
    expect(() => PinDirectory.make(fileSystem(), NAME)).toThrow('it is a symbolic link');
    expect(readdirSync(elsewhere)).toEqual([]);
  });
});
