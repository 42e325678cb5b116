import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lockFile, newDirectory } from '../../test/support/directory.ts';
import { describeContract } from '../../test/support/state-contract.ts';
import { openFileState } from './file-state.ts';
import { StateError } from './hub-state.ts';

const open = (path: string) => openFileState({ directory: path, lockFile });

describe('state in files', () => {
  describeContract(async () => {
    const path = newDirectory();
    return { open: () => open(path) };
  });

  it('lets one process at a time use a directory', async () => {
    const path = newDirectory();
    const first = await open(path);
    await expect(open(path)).rejects.toThrow(StateError);
    await expect(open(path)).rejects.toThrow(/another process uses this state. Stop that hub/);
    await first.close();
    await (await open(path)).close();
  });

  it('lets only the owner read', async () => {
    const path = newDirectory();
    const state = await open(path);
    await state.put('nodes/web1', 'x', 0);
    const digest = await state.putBlob(Buffer.from('x'));
    await state.close();
    const mode = (...parts: string[]) => statSync(join(path, ...parts)).mode & 0o777;
    expect([mode(), mode('keys'), mode('keys', 'nodes'), mode('blobs')]).toEqual([0o700, 0o700, 0o700, 0o700]);
    expect([mode('keys', 'nodes', 'web1.state'), mode('blobs', digest)]).toEqual([0o600, 0o600]);
  });

  it('removes what a killed hub was writing, and keeps the earlier value', async () => {
    const path = newDirectory();
    const state = await open(path);
    await state.put('nodes/web1', 'x', 0);
    await state.putBlob(Buffer.from('x'));
    await state.close();
    writeFileSync(join(path, 'keys/nodes/.web1.state.torn'), '2');
    writeFileSync(join(path, 'blobs/.torn'), '');
    const again = await open(path);
    onTestFinished(() => again.close());
    expect((await again.get('nodes/web1'))?.value).toBe('x');
    expect(readdirSync(join(path, 'keys/nodes'))).toEqual(['web1.state']);
    expect(readdirSync(join(path, 'blobs'))).toHaveLength(1);
  });

  it('does not start with a damaged file, and names it', async () => {
    const path = newDirectory();
    const state = await open(path);
    await state.put('nodes/web1', 'x', 0);
    const digest = await state.putBlob(Buffer.from('x'));
    writeFileSync(join(path, 'blobs', digest), 'y');
    await expect(state.getBlob(digest)).rejects.toThrow(/blobs\/.* is damaged. Restore/);
    await state.close();
    writeFileSync(join(path, 'keys/nodes/web1.state'), 'x');
    await expect(open(path)).rejects.toThrow(/web1.state: the file is damaged. Restore the state from a backup./);
  });

  it('keeps the value that could not be replaced', async () => {
    const path = newDirectory();
    const state = await open(path);
    onTestFinished(() => state.close());
    const revision = await state.put('nodes/web1', 'x', 0);
    // A directory in the place of the file: rename(2) fails, even for root.
    const file = join(path, 'keys/nodes/web1.state');
    const content = readFileSync(file);
    rmSync(file);
    spawnSync('mkdir', ['-p', join(file, 'full')]);
    await expect(state.put('nodes/web1', 'y', revision)).rejects.toThrow(/Check the free space/);
    expect(await state.get('nodes/web1')).toEqual({ value: 'x', revision });
    expect(readdirSync(join(path, 'keys/nodes'))).toEqual(['web1.state']);
    rmSync(file, { recursive: true });
    writeFileSync(file, content);
    expect(await state.put('nodes/web1', 'y', revision)).toBeGreaterThan(revision);
  });
});
