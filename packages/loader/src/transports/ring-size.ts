/** Default and maximum sizes of the rings. Pure. */

const LARGEST = 16 * 1024 * 1024;
const SMALLEST = 64 * 1024;

/** Returns the bytes for each of `cpus` rings: 16 MiB, or less so that all take at most 1/32 of the memory. */
export function defaultRingBytes(memoryBytes: number, cpus: number): number {
  const share = memoryBytes / 32 / cpus;
  return Math.max(SMALLEST, Math.min(LARGEST, 2 ** Math.floor(Math.log2(share))));
}

/** Returns the bytes of a ring of denied packets: a quarter of a ring of permitted ones. */
export function denyRingBytes(ringBytes: number, page: number): number {
  return Math.max(page, ringBytes / 4);
}

/** Returns the largest ring that the operator may request: all rings together take at most 1/4 of the memory. */
export function largestRingBytes(memoryBytes: number, cpus: number): number {
  return 2 ** Math.floor(Math.log2(memoryBytes / 4 / cpus));
}
