import { readFileSync } from 'node:fs';

/** The process that holds a flock(2) on the file with this inode, by the text of /proc/locks. */
export function lockOwner(locks: string, inode: bigint): number | undefined {
  for (const line of locks.split('\n')) {
    // "1: FLOCK  ADVISORY  WRITE 30430 00:27:1285051 0 EOF"
    const [, pid, where] = /FLOCK\s+\S+\s+\S+\s+(\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s/.exec(line) ?? [];
    if (where !== undefined && BigInt(where) === inode) return Number(pid);
  }
  return undefined;
}

export const readLocks = (): string => readFileSync('/proc/locks', 'utf8');
