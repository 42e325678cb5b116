import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { directoryProblem, pathProblem } from './trusted-path.ts';

const US = 1000;
const OTHER = 4242;

describe('directoryProblem', () => {
  it.each([
    ['root’s', { uid: 0, gid: 0, mode: 0o40755 }, undefined],
    ['ours', { uid: US, gid: 7, mode: 0o40700 }, undefined],
    ['one that the group root may write to', { uid: 0, gid: 0, mode: 0o40775 }, undefined],
    ['a sticky one, as /tmp', { uid: 0, gid: 0, mode: 0o41777 }, undefined],
    ['another user’s', { uid: OTHER, gid: 0, mode: 0o40700 }, 'belongs to another user (uid 4242)'],
    ['another user’s sticky one', { uid: OTHER, gid: 0, mode: 0o41777 }, 'belongs to another user (uid 4242)'],
    ['one that all may write to', { uid: 0, gid: 0, mode: 0o40777 }, 'can be changed by other users (mode 0777)'],
    ['one that a group may write to', { uid: 0, gid: 50, mode: 0o42775 }, 'can be changed by other users (mode 02775)'],
  ])('of %s', (_, facts, problem) => {
    expect(directoryProblem(facts, US)).toBe(problem);
  });
});

describe.skipIf(process.getuid?.() !== 0)('pathProblem', () => {
  let base = '';
  const at = (...names: string[]) => join(base, ...names);
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'packetlog-path-'));
    mkdirSync(at('good', 'deep'), { recursive: true });
    mkdirSync(at('theirs'));
    chownSync(at('theirs'), OTHER, OTHER);
  });
  afterEach(() => rmSync(base, { recursive: true }));

  it('finds none where root made everything, and where the path does not exist yet', () => {
    expect(pathProblem(at('good', 'deep'))).toBeUndefined();
    expect(pathProblem(at('good', 'not', 'yet'))).toBeUndefined();
  });

  it('names the component of another user, at the end and in between', () => {
    mkdirSync(at('theirs', 'ours'));
    const problem = { path: at('theirs'), problem: 'belongs to another user (uid 4242)' };
    expect(pathProblem(at('theirs'))).toEqual(problem);
    expect(pathProblem(at('theirs', 'ours'))).toEqual(problem);
  });

  it('names a directory that other users can change', () => {
    chmodSync(at('good'), 0o777);
    expect(pathProblem(at('good', 'deep'))).toEqual({
      path: at('good'),
      problem: 'can be changed by other users (mode 0777)',
    });
  });

  it('follows links of root, and checks where they lead', () => {
    symlinkSync('good/deep', at('relative'));
    symlinkSync(at('theirs'), at('absolute'));
    symlinkSync('../theirs', at('good', 'upwards'));
    expect(pathProblem(at('relative'))).toBeUndefined();
    expect(pathProblem(at('absolute', 'x'))?.path).toBe(at('theirs'));
    expect(pathProblem(at('good', 'upwards'))?.path).toBe(at('theirs'));
  });

  it('follows no link that another user made, and none without an end', async () => {
    const { lchownSync } = await import('node:fs');
    symlinkSync(at('good'), at('planted'));
    lchownSync(at('planted'), OTHER, OTHER);
    symlinkSync('circle', at('circle'));
    expect(pathProblem(at('planted', 'deep'))).toEqual({
      path: at('planted'),
      problem: 'belongs to another user (uid 4242)',
    });
    expect(pathProblem(at('circle'))?.problem).toMatch(/has too many levels of symbolic links/);
  });

  it('names a file of another user', () => {
    writeFileSync(at('file'), '');
    chownSync(at('file'), OTHER, OTHER);
    expect(pathProblem(at('file'))?.path).toBe(at('file'));
  });
});
