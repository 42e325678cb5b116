import { readdirSync, readFileSync } from 'node:fs';

/**
 * Returns the pid of a process that has this BPF program open, directly or through a link; undefined if only a pin or
 * the interface keeps it.
 */
export function programHolder(program: number): number | undefined {
  const line = new RegExp(`^prog_id:\\s*${program}$`, 'm');
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (descriptorsOf(pid).some((info) => line.test(info))) return Number(pid);
  }
  return undefined;
}

/** Returns the text of each file in /proc/PID/fdinfo; empty if the process has ended or cannot be read. */
function descriptorsOf(pid: string): string[] {
  const directory = `/proc/${pid}/fdinfo`;
  try {
    return readdirSync(directory).map((fd) => readFileSync(`${directory}/${fd}`, 'utf8'));
  } catch {
    return [];
  }
}
