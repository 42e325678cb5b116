/** How large the rings are if nobody says. Pure. */

const LARGEST = 16 * 1024 * 1024;
const SMALLEST = 64 * 1024;

/** Bytes for each of `cpus` rings: 16 MiB, or less so that all take at most 1/32 of the memory. */
export function defaultRingBytes(memoryBytes: number, cpus: number): number {
  const share = memoryBytes / 32 / cpus;
  return Math.max(SMALLEST, Math.min(LARGEST, 2 ** Math.floor(Math.log2(share))));
}

/** Bytes of the rings of denied packets: a quarter of the permitted ones'. */
export function denyRingBytes(ringBytes: number, page: number): number {
  return Math.max(page, ringBytes / 4);
}

/** The largest ring that may be asked for: all of them at most 1/4 of the memory. */
export function largestRingBytes(memoryBytes: number, cpus: number): number {
  return 2 ** Math.floor(Math.log2(memoryBytes / 4 / cpus));
}
