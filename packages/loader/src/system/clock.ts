/** The difference between the kernel's monotonic clock and the wall clock. */
import { monotonicTime, realTime } from '../native/libc.ts';
import { toKernelMonotonic } from './time-namespace.ts';

export interface Clocks {
  /** As bpf_ktime_get_ns, in ns. */
  monotonic: () => bigint;
  real: () => bigint;
}

/**
 * Wall clock steps larger than this are reported, in ns; smaller ones are NTP's slewing and the error of the reading.
 */
export const CLOCK_STEP_NS = 100_000_000n;

const ATTEMPTS = 5;

const KERNEL: Clocks = { monotonic: () => toKernelMonotonic(monotonicTime()), real: realTime };

/**
 * Returns CLOCK_REALTIME - CLOCK_MONOTONIC in ns: reads the wall clock between two monotonic readings, a few times, and
 * keeps the tightest; the error is at most half its width (a few microseconds).
 */
export function measureClockOffset(clocks: Clocks = KERNEL): bigint {
  let best: { width: bigint; offset: bigint } | undefined;
  for (let i = 0; i < ATTEMPTS; i++) {
    const before = clocks.monotonic();
    const real = clocks.real();
    const after = clocks.monotonic();
    const width = after - before;
    if (!best || width < best.width) best = { width, offset: real - (before + width / 2n) };
  }
  return best?.offset ?? 0n;
}
