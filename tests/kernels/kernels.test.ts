/** Tests that `pnpm test:kernels` runs, and that it fails if a promise is not kept. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { readRun } from './evaluate/run.mjs';
import { verdictOf } from './evaluate/verdict.mjs';

const PROVE = fileURLToPath(new URL('./prove.sh', import.meta.url));

describe('a promise', () => {
  const run = (...lines: object[]) =>
    readRun([{ kernel: '6.1.0', btf: true }, ...lines].map((line) => JSON.stringify(line)).join('\r\n'));
  const check = { case: 'rules', promise: 'deny', what: 'from the denied source', is: 0, should: 0 };

  it('is kept if every check has the expected value', () => {
    expect(verdictOf(run(check, { ...check, is: [1], should: [1] }), 'rules', 'deny').cell).toBe('yes');
  });

  it.each([
    ['of another value', [check, { ...check, is: 3 }], ['from the denied source: 3, not 0']],
    ['without a check', [{ ...check, promise: 'permit' }], ['no check was made']],
    ['whose case did not run', [], ['the case did not run']],
    ['whose module is missing', [{ case: 'rules', lacks: ['veth'] }], ['the kernel should have the module veth']],
  ])('%s is not kept', (_, lines, problems) => {
    expect(verdictOf(run(...lines), 'rules', 'deny')).toEqual({ cell: 'FAILED', problems });
  });
});

describe.skipIf(!requireRoot())('the cases', () => {
  test('run on this kernel without an emulator', { timeout: 120_000 }, async () => {
    const args = ['--cases', 'set', '--addresses', '10000', 'here'];
    const { code, out } = await new Promise<{ code: unknown; out: string }>((resolve) => {
      execFile(PROVE, args, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, out: stdout + stderr }));
    });
    expect(out).toMatch(/^set: deny a large set +yes$/m);
    expect(code).toBe(0);
  });
});
