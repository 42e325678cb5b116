/** Default and maximum sizes of the rings. Pure. */

const LARGEST = 16 * 1024 * 1024;
const SMALLEST = 64 * 1024;
/** Share of the memory that all rings together take by default, those of denied packets included. */
const DEFAULT_SHARE = 1 / 25;
/**
 * Most that all rings together take by default: 16 CPUs with the largest rings. The memory is locked, and CPUs that are
 * only possible take it too, so it must not grow with the number of CPUs without end.
 */
const MOST = 320 * 1024 * 1024;
/** A ring for permitted packets, and one of a quarter of its size for denied ones. */
export const RINGS_PER_CPU = 1.25;

/** Returns the bytes of each CPU's ring of permitted packets; at least 64 KiB, even if that exceeds the limits above. */
export function defaultRingBytes(memoryBytes: number, cpus: number): number {
  const all = Math.min(MOST, memoryBytes * DEFAULT_SHARE);
  return Math.max(SMALLEST, Math.min(LARGEST, powerOfTwoBelow(all / RINGS_PER_CPU / cpus)));
}

/** Returns the bytes of a ring of denied packets: a quarter of a ring of permitted ones. */
export function denyRingBytes(ringBytes: number, page: number): number {
  return Math.max(page, ringBytes / 4);
}

/** Returns the largest ring that the operator may request: all rings together take at most 1/4 of the memory. */
export function largestRingBytes(memoryBytes: number, cpus: number): number {
  return powerOfTwoBelow(memoryBytes / 4 / RINGS_PER_CPU / cpus);
}

function powerOfTwoBelow(bytes: number): number {
  return 2 ** Math.floor(Math.log2(bytes));
}
