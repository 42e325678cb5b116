/** Memory and CPU time of processes, from /proc. */
import { readFileSync } from 'node:fs';
import { rounded } from './statistics.ts';

const MIB_KIB = 1024;
/** USER_HZ of proc(5). */
const TICKS_PER_SECOND = 100;
/** First line of a mapping in /proc/PID/smaps: addresses, permissions, offset, device, inode, path. */
const MAPPING = /^[0-9a-f]+-[0-9a-f]+ \S+ (\S+) \S+ \d+ *(.*)$/;

export interface Footprint {
  /** Proportional set size: a page that n processes map counts as 1/n, those of other Node.js processes included. */
  readonly pss_mib: number;
  /** Each page of a file counts once: the proportional set size on a machine without other Node.js processes. */
  readonly alone_mib: number;
  /** CPU time since the start, that of ended threads and children included. */
  readonly cpuSeconds: number;
}

/** Returns the sums of all `pids`. */
export function footprint(pids: readonly number[]): Footprint {
  let pss = 0;
  let anonymous = 0;
  let ticks = 0;
  /** The most KiB that any of the processes has of each mapping of a file. */
  const files = new Map<string, number>();
  for (const pid of pids) {
    pss += field(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'), 'Pss');
    for (const mapping of readFileSync(`/proc/${pid}/smaps`, 'utf8').split(/^(?=[0-9a-f]+-)/m)) {
      const [, offset, path] = MAPPING.exec(mapping.split('\n', 1)[0] ?? '') ?? [];
      const own = field(mapping, 'Anonymous');
      anonymous += own;
      const key = `${path} ${offset}`;
      files.set(key, Math.max(files.get(key) ?? 0, field(mapping, 'Rss') - own));
    }
    // After the name in parentheses: utime, stime, cutime, cstime are the fields 14 to 17 of proc(5).
    const [, after = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
    for (const value of after.split(' ').slice(11, 15)) ticks += Number(value);
  }
  const shared = [...files.values()].reduce((sum, each) => sum + each, 0);
  return {
    pss_mib: rounded(pss / MIB_KIB),
    alone_mib: rounded((anonymous + shared) / MIB_KIB),
    cpuSeconds: ticks / TICKS_PER_SECOND,
  };
}

/** Returns the proportional set size of one process, which takes less time than `footprint`; 0 if it has ended. */
export function pssMib(pid: number): number {
  try {
    return field(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'), 'Pss') / MIB_KIB;
  } catch {
    return 0;
  }
}

/** Returns a field in KiB; 0 if it is missing. */
function field(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0);
}
