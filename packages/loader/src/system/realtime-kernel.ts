import { readFileSync } from 'node:fs';

/** Returns whether this kernel is PREEMPT_RT: softirqs of one CPU may then interrupt each other. */
export function isRealtimeKernel(read = (path: string) => readFileSync(path, 'utf8')): boolean {
  try {
    return read('/sys/kernel/realtime').trim() === '1';
  } catch {
    return false;
  }
}
