import { readdirSync, readFileSync } from 'node:fs';

/** A process that has this BPF program open, itself or through a link; undefined if it is kept by a pin or the interface alone. */
export function programHolder(program: number): number | undefined {
  const line = new RegExp(`^prog_id:\\s*${program}$`, 'm');
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (descriptorsOf(pid).some((info) => line.test(info))) return Number(pid);
  }
  return undefined;
}

/** The text of each file in /proc/PID/fdinfo; nothing for what ended meanwhile or is not ours to look at. */
function descriptorsOf(pid: string): string[] {
  const directory = `/proc/${pid}/fdinfo`;
  try {
    return readdirSync(directory).map((fd) => readFileSync(`${directory}/${fd}`, 'utf8'));
  } catch {
    return [];
  }
}
