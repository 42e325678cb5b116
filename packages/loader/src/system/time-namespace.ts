/**
 * Clocks in a time namespace (time_namespaces(7)): a process there reads the kernel's clock plus an offset. BPF
 * programs read the kernel's clock: bpf_ktime_get_ns and the load time of a program ignore namespaces.
 */
import { readFileSync } from 'node:fs';

const NS_PER_S = 1_000_000_000n;

/** Offsets in ns, to subtract from what this process reads. */
export interface ClockOffsets {
  monotonic: bigint;
  boottime: bigint;
}

/** Parses /proc/PID/timens_offsets: "monotonic 864000 0", seconds and nanoseconds; the seconds may be negative. */
export function parseOffsets(text: string): ClockOffsets {
  const of = (clock: string) => {
    const [, s = '0', ns = '0'] = new RegExp(`^${clock}\\s+(-?\\d+)\\s+(-?\\d+)`, 'm').exec(text) ?? [];
    return BigInt(s) * NS_PER_S + BigInt(ns);
  };
  return { monotonic: of('monotonic'), boottime: of('boottime') };
}

/** The offsets of a namespace cannot change once a process is in it. Zero where the kernel has no such namespaces. */
export const CLOCK_OFFSETS: Readonly<ClockOffsets> = parseOffsets(offsetsText());

function offsetsText(): string {
  try {
    return readFileSync('/proc/self/timens_offsets', 'utf8');
  } catch {
    return '';
  }
}

/** Converts this process's CLOCK_MONOTONIC (process.hrtime) to that of BPF programs, in ns. */
export const toKernelMonotonic = (ns: bigint): bigint => ns - CLOCK_OFFSETS.monotonic;
