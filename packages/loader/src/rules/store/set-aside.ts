/** Keeps a rules file that was never in force before another one replaces it. */
import { copyFileSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const MAX_KEPT = 5;

/**
 * Returns the path of the copy. Keeps the five newest copies and removes older ones. Throws the file system's error.
 */
export function setAside(path: string, nowMs: number): string {
  const prefix = `${basename(path)}.rejected-`;
  const stamp = new Date(nowMs).toISOString().replaceAll(':', '');
  const copy = join(dirname(path), `${prefix}${stamp}`);
  copyFileSync(path, copy);
  const kept = readdirSync(dirname(path)).filter((name) => name.startsWith(prefix));
  for (const name of kept.sort().slice(0, -MAX_KEPT)) rmSync(join(dirname(path), name), { force: true });
  return copy;
}
