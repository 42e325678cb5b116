/** The limit of locked memory (getrlimit(2)), which counts the memory of BPF maps before Linux 5.11. */
import { isBefore } from './kernel-version.ts';

export const MEMLOCK_ADVICE =
  'Before Linux 5.11 the memlock limit counts too: ulimit -l unlimited, or LimitMEMLOCK=infinity for systemd.';

/** Parses the soft limit in bytes in the text of /proc/PID/limits; Infinity if it is unlimited or missing. */
export function memlockLimit(limits: string): number {
  const text = /^Max locked memory\s+(\S+)/m.exec(limits)?.[1] ?? '';
  return /^\d+$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
}

/** Whether this kernel counts the memory of maps as locked memory: before "bpf: Eliminate rlimit-based memory accounting". */
export const countsLockedMemory = (kernel: string): boolean => isBefore(kernel, [5, 11]);
