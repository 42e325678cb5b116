/** Gives up root's rights for those of a directory's owner. */
import { lstatSync, type Stats, statSync } from 'node:fs';

/**
 * As root: continues as the owner of the directory, so that its files stay readable for the recorder, and so that links
 * which that user put there lead nowhere that it may not write itself.
 */
export function actAsOwner(directory: string): void {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = ownerOf(directory);
  if (uid === 0) return;
  process.setgroups?.([]);
  process.setegid?.(gid);
  process.seteuid?.(uid);
}

/** The owner of a link counts, unless that is root. */
function ownerOf(path: string): Stats {
  const link = lstatSync(path);
  return link.uid === 0 ? statSync(path) : link;
}
