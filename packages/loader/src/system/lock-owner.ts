import { readFileSync } from 'node:fs';

/** Returns the pid of the process that holds a flock(2) on the file with this inode, from the text of /proc/locks. */
export function lockOwner(locks: string, inode: bigint): number | undefined {
  return lockOwners(locks, inode)[0];
}

/** As `lockOwner`; returns several if files of other file systems with the same inode number are locked too. */
export function lockOwners(locks: string, inode: bigint): number[] {
  // "1: FLOCK  ADVISORY  WRITE 30430 00:27:1285051 0 EOF"
  const held = locks.matchAll(/^\d+: FLOCK\s+\S+\s+\S+\s+(\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+)\s/gm);
  return [...held].filter(([, , where = '']) => BigInt(where) === inode).map(([, pid]) => Number(pid));
}

export const readLocks = (): string => readFileSync('/proc/locks', 'utf8');
