import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultRingBytes, denyRingBytes, largestRingBytes } from './ring-size.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

describe('the size of a ring', () => {
  it.each([
    ['a server', 64 * GIB, 16, 16 * MIB],
    ['a small server', 4 * GIB, 8, 16 * MIB],
    ['a virtual machine of 1 GiB with 8 possible CPUs', GIB, 8, 4 * MIB],
    ['one of 480 MB', 480e6, 2, 4 * MIB],
    ['a tiny one', 128 * MIB, 4, MIB],
    ['64 CPUs', 512 * GIB, 64, 4 * MIB],
    ['256 possible CPUs', 1024 * GIB, 256, MIB],
    ['a virtual machine of 4 GiB with 256 possible CPUs', 4 * GIB, 256, 512 * 1024],
    ['many CPUs and little memory', 256 * MIB, 240, 64 * 1024],
  ])('is by default for %s', (_, memory, cpus, bytes) => {
    expect(defaultRingBytes(memory, cpus)).toBe(bytes);
  });

  it.each([
    ['5 GiB and 8 CPUs', 5 * GIB, 8, 128 * MIB],
    ['5 GiB less a little', 5 * GIB - 1, 8, 64 * MIB],
  ])('is at most, with %s', (_, memory, cpus, bytes) => {
    expect(largestRingBytes(memory, cpus)).toBe(bytes);
  });

  it('takes at most 1/25 of the memory and 320 MiB with the rings of denied packets, whatever the number of CPUs', () => {
    const memory = fc.integer({ min: 128 * MIB, max: 2 ** 42 });
    fc.assert(
      fc.property(memory, fc.integer({ min: 1, max: 8192 }), (bytes, cpus) => {
        const ring = defaultRingBytes(bytes, cpus);
        expect(Math.log2(ring) % 1).toBe(0);
        const all = cpus * (ring + denyRingBytes(ring, 4096));
        const smallest = cpus * 1.25 * 64 * 1024;
        expect(all).toBeLessThanOrEqual(Math.max(smallest, Math.min(bytes / 25, 320 * MIB)));
        // The default may be requested.
        expect(ring).toBeLessThanOrEqual(Math.max(64 * 1024, largestRingBytes(bytes, cpus)));
      }),
    );
  });
});
