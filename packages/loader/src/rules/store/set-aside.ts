/** Copies a rules file that was never in force before it is replaced. */
import { copyFileSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const MAX_COPIES = 5;

/**
 * Copies the file and returns the path of the copy. Keeps the five newest copies. Throws the file system's error.
 */
export function setAside(path: string, nowMs: number): string {
  const prefix = `${basename(path)}.rejected-`;
  const copy = join(dirname(path), rejectedName(basename(path), nowMs));
  copyFileSync(path, copy);
  const copies = readdirSync(dirname(path)).filter((name) => name.startsWith(prefix));
  for (const name of copies.sort().slice(0, -MAX_COPIES)) rmSync(join(dirname(path), name), { force: true });
  return copy;
}

export function rejectedName(name: string, nowMs: number): string {
  return `${name}.rejected-${new Date(nowMs).toISOString().replaceAll(':', '')}`;
}
