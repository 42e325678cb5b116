import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockRules } from './rules-lock.ts';
import { statePaths } from './state-directory.ts';

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
  await expect(lockRules(paths(), 100)).rejects.toThrow(/another packetlog rules is changing them\. Wait/);
  expect(isHeld).toBe(false);
  release();
  (await second)();
  (await lockRules(paths(), 0))();
});
