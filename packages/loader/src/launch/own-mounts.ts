/**
 * Makes directories reachable that lie below one that the core's user may not search. In a separate mount namespace,
 * that one is covered with an empty directory, and only what the core needs is shown in it, at the same paths.
 */
import { closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { coverWithEmpty, separateMounts, showDirectory, uncover } from '../native/launch-calls.ts';
import { hiddenBelow } from '../system/reach.ts';
import type { User } from '../system/service-user.ts';

/** Makes the directories (absolute paths without links) reachable. Returns a function that undoes it. Throws SystemCallError. */
export function revealDirectories(directories: readonly string[], user: User): () => void {
  const hidden = new Map<string, string[]>();
  for (const path of directories) {
    const cover = hiddenBelow(path, user);
    if (cover !== undefined) hidden.set(cover, [...(hidden.get(cover) ?? []), path]);
  }
  if (hidden.size === 0) return () => {};
  const covered: string[] = [];
  const undo = () => {
    for (const cover of covered.splice(0)) uncover(cover);
  };
  separateMounts();
  try {
    for (const [cover, paths] of hidden) {
      const shown = outermost(paths).map((path) => ({ path, fd: openSync(path, constants.O_DIRECTORY) }));
      coverWithEmpty(cover);
      covered.push(cover);
      for (const { path, fd } of shown) {
        mkdirSync(path, { recursive: true, mode: 0o755 });
        showDirectory(fd, path);
        closeSync(fd);
      }
    }
  } catch (error) {
    undo();
    throw error;
  }
  return undo;
}

/** Returns the paths that are not below another one. Pure. */
export function outermost(paths: readonly string[]): string[] {
  const different = [...new Set(paths)];
  return different.filter((path) => !different.some((other) => other !== path && path.startsWith(`${other}/`)));
}
