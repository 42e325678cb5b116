import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockRules } from './rules-lock.ts';
import { statePaths } from './state-directory.ts';
import { lockStateDirectory } from './state-lock.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-lock-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const paths = () => statePaths({ PACKETLOG_STATE_DIR: directory });

it('is held by one at a time; who waits has it next', async () => {
  const release = await lockRules(paths());
  let isHeld = false;
  const second = lockRules(paths()).then((releaseSecond) => {
    isHeld = true;
    return releaseSecond;
  });
  await expect(lockRules(paths(), { waitMs: 100 })).rejects.toThrow(/another packetlog rules is changing them\. Wait/);
  expect(isHeld).toBe(false);
  release?.();
  (await second)?.();
  (await lockRules(paths(), { waitMs: 0 }))?.();
});

it('is not given to a command while a loader has the directory, until one serves or it has ended', async () => {
  const end = lockStateDirectory(directory);
  await expect(lockRules(paths(), { waitMs: 100 })).rejects.toThrow(
    /packetlog with pid \d+ uses them and does not answer at its control socket/,
  );
  let isServed = false;
  const asked = lockRules(paths(), { isServed: async () => isServed });
  isServed = true;
  expect(await asked).toBeUndefined();
  const waiting = lockRules(paths());
  end();
  (await waiting)?.();
});

it('keeps a loader from reading rules that a command is changing, and turns a second loader down', async () => {
  const release = await lockRules(paths());
  expect(() => lockStateDirectory(directory, 100)).toThrow(/uses it, perhaps in another network namespace/);
  release?.();
  const end = lockStateDirectory(directory);
  expect(() => lockStateDirectory(directory)).toThrow(/uses it/);
  end();
});
