import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultRingBytes, largestRingBytes } from './ring-size.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

describe('the size of a ring', () => {
  it.each([
    ['a server', 64 * GIB, 16, 16 * MIB],
    ['a small server', 4 * GIB, 8, 16 * MIB],
    ['a virtual machine of 1 GiB with 8 possible CPUs', GIB, 8, 4 * MIB],
    ['one of 480 MB', 480e6, 2, 4 * MIB],
    ['a tiny one', 128 * MIB, 4, MIB],
    ['many CPUs and little memory', 256 * MIB, 240, 64 * 1024],
  ])('is by default for %s', (_, memory, cpus, bytes) => {
    expect(defaultRingBytes(memory, cpus)).toBe(bytes);
  });

  it.each([
    ['4 GiB and 8 CPUs', 4 * GIB, 8, 128 * MIB],
    ['4 GiB less a little', 4 * GIB - 1, 8, 64 * MIB],
  ])('is at most, with %s', (_, memory, cpus, bytes) => {
    expect(largestRingBytes(memory, cpus)).toBe(bytes);
  });

  it('is always a power of two, and the default may be requested', () => {
    const memory = fc.integer({ min: 128 * MIB, max: 2 ** 42 });
    fc.assert(
      fc.property(memory, fc.integer({ min: 1, max: 512 }), (bytes, cpus) => {
        const ring = defaultRingBytes(bytes, cpus);
        expect(Math.log2(ring) % 1).toBe(0);
        expect(ring).toBeLessThanOrEqual(Math.max(64 * 1024, largestRingBytes(bytes, cpus)));
        expect(ring * cpus).toBeLessThanOrEqual(Math.max(bytes / 32, cpus * 64 * 1024));
      }),
    );
  });
});
