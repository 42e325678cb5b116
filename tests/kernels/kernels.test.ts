/** Tests that `pnpm test:kernels` runs, and that it fails if a promise is not kept. */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { requireRoot } from '../lab/root.ts';
import { evaluateReplay } from './evaluate/replay.mjs';
import { readRun } from './evaluate/run.mjs';
import { verdictOf } from './evaluate/verdict.mjs';
import { evaluateVerifier } from './evaluate/verifier.mjs';
import { promises as promisesOfReplay } from './guest/cases/replay.mjs';
import { FRAMES } from './guest/lab/replayed.mjs';
import { testedCommit } from './tested-commit.mjs';

const PROVE = fileURLToPath(new URL('./prove.sh', import.meta.url));
const EVALUATE = fileURLToPath(new URL('./evaluate/main.mjs', import.meta.url));

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

describe('the result of a kernel', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'packetlog-kernels-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const check = (is: number) => ({ case: 'replay', promise: promisesOfReplay[0], what: 'lines', is, should: 0 });
  const booted = { kernel: '6.1.0-9', btf: true };
  const end = { end: true };
  const unfinished = 'failed: Linux 6.1 (6.1.0-9): did not finish';

  it.each([
    ['passed', [booted, check(0), end], 'passed: Linux 6.1 (6.1.0-9)', 0],
    [
      'failed: a broken promise',
      [booted, check(1), end],
      `failed: Linux 6.1 (6.1.0-9): replay: ${promisesOfReplay[0]}: lines: 1, not 0`,
      1,
    ],
    ['failed: it ended too early', [booted, check(0)], unfinished, 1],
    ['failed: it did not boot', [], 'failed: Linux 6.1 (?): did not finish', 1],
  ])('is told: %s', (_, lines, result, code) => {
    const file = join(directory, '6.1.result');
    writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'));
    const { status, stdout } = spawnSync(process.execPath, [EVALUATE, '--cases', 'replay', file], { encoding: 'utf8' });
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(result);
    expect(status).toBe(code);
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

describe('the commit of recorded results', () => {
  let directory: string;
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', directory, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { encoding: 'utf8' });
  const commit = (file: string) => {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    writeFileSync(join(directory, file), `${Math.random()}`);
    git('add', '-A');
    git('commit', '-qm', file);
    return git('rev-parse', '--short=8', 'HEAD').trim();
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'packetlog-commit-'));
    git('init', '-q', '-b', 'main');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('is the one of main, also on a branch with results', () => {
    const onMain = commit('code');
    expect(testedCommit(directory)).toBe(onMain);
    git('checkout', '-qb', 'branch');
    commit('tests/kernels/results.json');
    writeFileSync(join(directory, 'tests/kernels/verifier.json'), '{}');
    expect(testedCommit(directory)).toBe(onMain);
  });

  it('is marked if anything else was changed: committed on the branch, in the files, or new', () => {
    const onMain = commit('code');
    writeFileSync(join(directory, 'code'), 'changed');
    expect(testedCommit(directory)).toBe(`${onMain}-dirty`);
    git('checkout', '-q', '.');
    writeFileSync(join(directory, 'new'), '');
    expect(testedCommit(directory)).toBe(`${onMain}-dirty`);
    git('checkout', '-qb', 'branch');
    commit('code');
    expect(testedCommit(directory)).toBe(`${onMain}-dirty`);
  });

  it('is HEAD where there is no main', () => {
    commit('code');
    git('branch', '-m', 'other');
    const more = commit('more');
    expect(testedCommit(directory)).toBe(more);
  });
});

describe('a replay', () => {
  const last = { capture: { frames: FRAMES, replayed: 5 }, rules: [1, 2, 3, 4, 5] };
  const here = ['{"a":1}', JSON.stringify(last), ''];

  it.each([
    ['with the same lines', { code: 0, out: here, err: '' }, []],
    ['with another line', { code: 0, out: ['{"a":2}', ...here.slice(1)], err: '' }, ['line 1: {"a":2}, not {"a":1}']],
    ['with more lines', { code: 0, out: [...here, 'x'], err: '' }, ['4 lines, not 3']],
    ['that fails', { code: 6, out: here, err: 'why' }, ['exit code 6, not 0: why']],
  ])('%s', (_, facts, problems) => {
    expect(evaluateReplay(facts, () => here)).toEqual({ cell: '5 frames', problems });
  });
});

describe.skipIf(!requireRoot())('the cases', () => {
  test('run on this kernel without an emulator', { timeout: 120_000 }, async () => {
    const args = ['--cases', 'set,replay', '--addresses', '10000', 'here'];
    const { code, out } = await new Promise<{ code: unknown; out: string }>((resolve) => {
      execFile(PROVE, args, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, out: stdout + stderr }));
    });
    expect(out).toMatch(/^set: deny a large set +yes$/m);
    expect(out).toMatch(/^replay: .* \d+ frames$/m);
    expect(code).toBe(0);
  });
});
