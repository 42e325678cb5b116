/** The memory that this process occupies. */
import { openSync, readSync } from 'node:fs';

/** Kept open: `process.memoryUsage.rss()` opens a file each time, and throws when the process may open no more. */
const STATUS = openSync('/proc/self/status', 'r');
/** The kernel's text has about 1,500 bytes. */
const text = Buffer.alloc(8192);

/** Returns VmRSS of /proc/self/status (proc_pid_status(5)) in bytes. */
export function residentMemory(): number {
  const length = readSync(STATUS, text, 0, text.length, 0);
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(text.toString('latin1', 0, length)) ?? [];
  return Number(kibibytes ?? 0) * 1024;
}
