/** The fuzzer finds what is planted in a target, and nothing in one without faults. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import type { FuzzTarget } from './targets.ts';

const coverage = new Uint8Array(16);
setFlagsFromString('--expose-gc');
Object.assign(globalThis, {
  fuzzCoverage: coverage,
  fuzzWords: new Set(['word']),
  fuzzCounters: () => coverage.length,
  gc: runInNewContext('gc'),
});
const { Fuzzer, threadCpuUsage } = await import('./fuzzer.ts');

function fuzzed(run: FuzzTarget['run'], inputs = 150_000) {
  const target = { name: 'planted', maxBytes: 4096, seeds: ['seed'], run };
  const options = { inputs, seconds: 120, seed: 1, corpus: [], began: () => {}, progress: () => {} };
  const fuzzer = new Fuzzer(target, options);
  return { result: fuzzer.run(), fuzzer };
}

/** Each right byte is a block of its own, as in a parser. */
function bytesOf(word: string, bytes: Uint8Array): boolean {
  for (let i = 0; i < word.length; i++) {
    if (bytes[i] !== word.charCodeAt(i)) return false;
    coverage[i] = 1;
  }
  return true;
}

describe('the fuzzer', () => {
  test('finds an error behind four bytes, which chance alone would not, and keeps the way to it', () => {
    const { result, fuzzer } = fuzzed((bytes) => {
      if (bytesOf('odd!', bytes)) throw new TypeError('planted');
    });
    expect(result.findings).toMatchObject([{ kind: 'error', message: expect.stringMatching(/^TypeError: planted/) }]);
    expect(Buffer.from(result.findings[0]?.input ?? '', 'base64').toString()).toMatch(/^odd!/);
    expect(fuzzer.minimised().length).toBeLessThanOrEqual(5);
  });

  test('finds an input that takes long, and not a single slow run', () => {
    /** The fuzzer counts CPU time in the end: a machine that is busy does not make an input slow. */
    const work = (ms: number) => {
      const since = threadCpuUsage();
      for (let used = 0; used < ms; ) {
        const { user, system } = threadCpuUsage(since);
        used = (user + system) / 1000;
      }
    };
    let ran = 0;
    let slow = 0;
    const { result } = fuzzed((bytes) => {
      if (++ran === 5000) work(120);
      // Not each time: the test would take long.
      if (bytesOf('slow', bytes) && ++slow <= 20) work(80);
    });
    expect(result.findings).toMatchObject([{ kind: 'stall' }]);
    expect(Buffer.from(result.findings[0]?.input ?? '', 'base64').toString()).toMatch(/^slow/);
  });

  test('finds memory that grows', () => {
    const kept: object[] = [];
    const { result } = fuzzed(() => kept.push(new Array(100).fill(0)), 60_000);
    expect(result.findings).toMatchObject([{ kind: 'growth' }]);
  });

  test('finds nothing where nothing is', () => {
    expect(fuzzed((bytes) => void bytesOf('fine', bytes)).result.findings).toEqual([]);
  });
});
