import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Compiler } from './compiler/worker/compiler.ts';
import { RulesService } from './engine/rules-service.ts';
import { type OfflineRules, openOffline } from './offline-rules.ts';
import { lockRules } from './store/rules-lock.ts';
import { statePaths } from './store/state-directory.ts';

let directory = '';
let rules: OfflineRules;
const paths = () => statePaths({ PACKETLOG_STATE_DIR: directory });
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-offline-'));
  rules = (await openOffline({ paths: paths(), protect: [], environment: {}, bpfFs: directory })) as OfflineRules;
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true });
});

it.each([
  ['the service cannot end', () => vi.spyOn(RulesService.prototype, 'end')],
  ['the compiler cannot be closed', () => vi.spyOn(Compiler.prototype, 'close')],
])('releases the lock also when %s', async (_, spy) => {
  spy().mockRejectedValue(new Error('broken'));
  await expect(lockRules(paths(), { waitMs: 0 })).rejects.toThrow();
  await expect(rules.close()).rejects.toThrow('broken');
  const unlock = await lockRules(paths(), { waitMs: 0 });
  expect(unlock).toBeDefined();
  unlock?.();
});
