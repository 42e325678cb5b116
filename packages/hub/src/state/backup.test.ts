import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { backupLines, readBackup, restoreBackup } from './backup.ts';
import { openFileState } from './file-state.ts';
import type { HubState } from './hub-state.ts';

async function newState(): Promise<HubState> {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-hub-'));
  const state = await openFileState({ directory, lockFile: () => true });
  onTestFinished(async () => {
    await state.close();
    rmSync(directory, { recursive: true });
  });
  return state;
}

async function textOf(state: HubState): Promise<string> {
  let text = '';
  for await (const line of backupLines(state, 1)) text += line;
  return text;
}

const valuesOf = async (state: HubState) => [...(await state.list(''))].map(([key, { value }]) => [key, value]).sort();

it('restores all values, and the blobs that they name', async () => {
  const state = await newState();
  const blob = Buffer.from('a list of networks');
  const digest = await state.putBlob(blob);
  await state.put('hub-key', 'a key\nof two lines', 0);
  await state.put('rollouts/web', JSON.stringify({ list: digest, hash: 'f'.repeat(64) }), 0);
  const other = await newState();
  await restoreBackup(other, readBackup(await textOf(state)));
  expect(await valuesOf(other)).toEqual(await valuesOf(state));
  expect(Buffer.from((await other.getBlob(digest)) ?? []).toString()).toBe(blob.toString());
});

it('leaves out who leads the rollouts now', async () => {
  const state = await newState();
  await state.put('lease/rollout', 'this hub', 0);
  expect(readBackup(await textOf(state)).values.size).toBe(0);
});

it('does not read a backup that was cut off, or another file', async () => {
  const state = await newState();
  await state.put('a', '1', 0);
  await state.put('b', '2', 0);
  const lines = (await textOf(state)).split('\n');
  expect(() => readBackup(lines.slice(0, -2).join('\n'))).toThrow('not whole');
  expect(() => readBackup([...lines.slice(0, 1), ...lines.slice(2)].join('\n'))).toThrow('not whole');
  for (const text of ['', '{}', 'x']) expect(() => readBackup(text)).toThrow('no backup');
});

it('is not restored into a state that is in use', async () => {
  const state = await newState();
  await state.put('a', '1', 0);
  const backup = readBackup(await textOf(state));
  await expect(restoreBackup(state, backup)).rejects.toThrow('not empty');
});
