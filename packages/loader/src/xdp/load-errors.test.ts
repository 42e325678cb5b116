import { describe, expect, it } from 'vitest';
import { lastLines, rejectedObject } from './load-errors.ts';

describe('a program that the kernel rejects', () => {
  it('is reported with the verifier log of each transport, the best first', () => {
    const rejections = [
      { transport: 'array', errno: 22, log: 'uses reserved fields' },
      { transport: 'ring', errno: 13, log: 'unbounded min value' },
      { transport: 'perf', errno: 7, log: '' },
    ];
    const error = rejectedObject('/a.o', rejections, 'auto');
    expect(error.message).toMatch(/^load program \/a\.o: EINVAL \(22\).*report the verifier log below/);
    expect(error.facts.detail).toBe('--transport array:\nuses reserved fields\n--transport ring:\nunbounded min value');
  });

  it('names, for a requested transport, the kernel that it needs and an alternative', () => {
    const rejections = [{ transport: 'array', errno: 22, log: 'BPF_STX uses reserved fields' }];
    const { message } = rejectedObject('/a.o', rejections, 'array');
    expect(message).toMatch(/--transport array needs \(array: Linux 5\.12, .*use --transport auto/);
  });

  it('names the privilege that is missing, and shows no empty log', () => {
    const error = rejectedObject('/a.o', [{ transport: 'array', errno: 1, log: '' }], 'array');
    expect(error.message).toContain('CAP_BPF');
    expect(error.facts).not.toHaveProperty('detail');
  });
});

it("a verifier's log ends at its first NUL, and its last lines matter", () => {
  const log = new Uint8Array(64);
  log.set(new TextEncoder().encode('one\ntwo\nthree\n'));
  expect(lastLines(log, 2)).toBe('two\nthree');
  expect(lastLines(new Uint8Array(8))).toBe('');
});
