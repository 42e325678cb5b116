import { expect, it } from 'vitest';
import { memoryProblems, ringBytesFor } from './ring-memory.ts';

const MIB = 2 ** 20;

it('sizes rings by the memory limit of the process, and warns before the kernel kills it', () => {
  expect(ringBytesFor(undefined, 24_000 * MIB, 2)).toBe(16 * MIB);
  const small = ringBytesFor(undefined, 96 * MIB, 2);
  expect(small).toBe(MIB);
  expect(memoryProblems(small, 96 * MIB, 2)).toEqual([
    expect.stringMatching(
      /^packetlog may use 96 MiB of memory here and needs about 113 MiB: .*MemoryMax=.*--ring-size\.$/,
    ),
  ]);
  expect(memoryProblems(ringBytesFor(undefined, 150 * MIB, 2), 150 * MIB, 2)).toEqual([]);
  // Rings sized for a machine without limits would not fit.
  expect(memoryProblems(16 * MIB, 140 * MIB, 2)).toHaveLength(1);
});

it('limits --ring-size to a quarter of the memory', () => {
  expect(ringBytesFor(16 * MIB, 256 * MIB, 2)).toBe(16 * MIB);
  expect(() => ringBytesFor(64 * MIB, 256 * MIB, 2)).toThrow(
    /more than a quarter of the memory\. Use at most 16777216\./,
  );
});
