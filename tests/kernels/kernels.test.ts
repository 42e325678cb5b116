/** Tests that `pnpm test:kernels` runs, and that it fails if a promise is not kept. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { readRun } from './evaluate/run.mjs';
import { verdictOf } from './evaluate/verdict.mjs';
import { evaluateVerifier } from './evaluate/verifier.mjs';

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

describe('what a program costs the verifier', () => {
  const cost = { instructions: 1000, states: 10, stack: 464, verifyMs: 5, loadMs: 6 };
  const evaluate = (now: typeof cost | null, was: typeof cost | null = cost) =>
    evaluateVerifier({ programs: { ring: now } }, '6.1.0-50-cloud-amd64', { '6.1': { ring: was } }).problems;

  it.each([
    ['a tenth more instructions, and more time', { ...cost, instructions: 1100, verifyMs: 500 }],
    ['fewer', { ...cost, instructions: 10 }],
  ])('may be %s', (_, now) => {
    expect(evaluate(now)).toEqual([]);
  });

  it.each([
    [
      'more than a tenth more',
      { ...cost, instructions: 1101 },
      'ring: 1101 instructions verified, 1000 before (verifier.json)',
    ],
    ['no stack', { ...cost, stack: 0 }, 'ring: stack of 0 bytes, at most 464'],
    ['too much stack', { ...cost, stack: 472 }, 'ring: stack of 472 bytes, at most 464'],
    [
      'a log without numbers',
      { ...cost, instructions: Number.NaN },
      "ring: the verifier's log has no number of instructions",
    ],
    ['a rejection', null, 'ring: the kernel rejects it, and accepted it before'],
  ])('fails with %s', (_, now, problem) => {
    expect(evaluate(now)).toEqual([problem]);
  });

  it('may be unknown: a program that the kernel has always rejected, another kernel', () => {
    expect(evaluate(null, null)).toEqual([]);
    expect(evaluateVerifier({ programs: { ring: cost } }, '9.9.0', {})).toEqual({
      cell: '1000, not recorded',
      problems: [],
    });
    expect(evaluateVerifier({ programs: { ring: cost } }, '6.1.0-50-cloud-arm64', { '6.1': {} }).cell).toMatch(
      /not recorded/,
    );
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
