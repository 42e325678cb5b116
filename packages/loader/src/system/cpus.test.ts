import { describe, expect, it } from 'vitest';
import { cpuList, cpuListEnd } from './cpus.ts';

describe('cpuListEnd', () => {
  it.each([
    ['0\n', 1],
    ['0-3\n', 4],
    ['0-3,8-11\n', 12],
    ['0,2,4', 5],
    ['0-127\n', 128],
  ])('sizes by the highest of %j', (text, end) => {
    expect(cpuListEnd(text)).toBe(end);
  });

  it.each(['', '\n', 'none'])('returns undefined for %j', (text) => {
    expect(cpuListEnd(text)).toBeUndefined();
  });
});

describe('cpuList', () => {
  it.each([
    ['0\n', [0]],
    ['0-3\n', [0, 1, 2, 3]],
    ['0-1,4', [0, 1, 4]],
    ['0,2-3,9-10\n', [0, 2, 3, 9, 10]],
    ['\n', []],
  ])('reads %j', (text, cpus) => {
    expect(cpuList(text)).toEqual(cpus);
  });
});
