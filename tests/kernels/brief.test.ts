/** The short form of `pnpm test:kernels`: boots each kernel once and runs the case `brief` there. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { readRun } from './evaluate/run.mjs';
import { verdictOf } from './evaluate/verdict.mjs';
import { promises } from './guest/cases/brief.mjs';

const PROVE = fileURLToPath(new URL('./prove.sh', import.meta.url));
const KERNELS = ['5.10', '6.1', '6.12', 'current'];
/** For a machine that is busy; on two idle cores they take about 5 minutes. */
const TIMEOUT_MS = 20 * 60_000;

describe.skipIf(!requireRoot())('packetlog on other kernels', () => {
  let cache: string;
  let output = '';

  // A kernel that cannot be downloaded or booted has no results, which fails its tests.
  beforeAll(async () => {
    cache = mkdtempSync('/var/tmp/packetlog-brief-');
    const args = ['--cache', cache, '--cases', 'brief', '--at-once', '2', ...KERNELS];
    const prove = spawn(PROVE, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [prove.stdout, prove.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    await new Promise((resolve) => prove.once('close', resolve));
  }, TIMEOUT_MS);
  afterAll(() => rmSync(cache, { recursive: true, force: true }));

  const runOf = (kernel: string) => {
    const file = join(cache, `${kernel}.result`);
    return readRun(existsSync(file) ? readFileSync(file, 'utf8') : '');
  };

  describe.each(KERNELS)('Linux %s', (kernel) => {
    test.each(promises)('%s', (promise) => {
      expect(verdictOf(runOf(kernel), 'brief', promise).problems, output).toEqual([]);
    });

    test('the case ended without an error', () => {
      const run = runOf(kernel);
      expect([run.ended, run.cases.get('brief')?.errors], output).toEqual([true, []]);
    });
  });
});
