/** How much memory this process may use: the machine's, or what its control groups allow (cgroups(7)). */
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';

type Read = (path: string) => string;

/** Returns the limit in bytes. `read` throws where there is no such file. */
export function memoryLimit(machine = totalmem(), read: Read = (path) => readFileSync(path, 'utf8')): number {
  return Math.min(machine, ...limits(read));
}

/**
 * Returns the limits of this process's group and all groups above it: each group's limit applies to everything in it.
 */
function limits(read: Read): number[] {
  // "0::/system.slice/packetlog.service", and for version 1 "4:memory:/path".
  return textOf(read, '/proc/self/cgroup')
    .split('\n')
    .flatMap((line) => {
      const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      if (path === undefined) return [];
      if (controllers === '') return upwards(path).map((each) => limit(read, '/sys/fs/cgroup', each, 'memory.max'));
      if (!controllers?.split(',').includes('memory')) return [];
      return upwards(path).map((each) => limit(read, '/sys/fs/cgroup/memory', each, 'memory.limit_in_bytes'));
    });
}

/** Returns "/a/b", "/a" and "/" for "/a/b". */
function upwards(path: string): string[] {
  return path === '/' ? [path] : [path, ...upwards(dirname(path))];
}

/** Returns one limit; Infinity if there is none ("max"), or no such group here. */
function limit(read: Read, root: string, path: string, file: string): number {
  const text = textOf(read, join(root, path, file)).trim();
  return /^\d+$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
}

function textOf(read: Read, path: string): string {
  try {
    return read(path);
  } catch {
    return '';
  }
}
