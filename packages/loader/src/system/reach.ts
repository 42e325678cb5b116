/** Finds the directories that hide a path from the core's user, such as root's home. */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { User } from './service-user.ts';

const OTHERS_SEARCH = 0o001;
const GROUP_SEARCH = 0o010;
const OWNER_SEARCH = 0o100;

interface Facts {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** Returns whether `user`, without supplementary groups, may search the directory. Pure; ignores access control lists. */
export function maySearch({ uid, gid, mode }: Facts, user: User): boolean {
  if (uid === user.uid) return (mode & OWNER_SEARCH) !== 0;
  if (gid === user.gid) return (mode & GROUP_SEARCH) !== 0;
  return (mode & OTHERS_SEARCH) !== 0;
}

/** Returns the first parent of an absolute path that `user` may not search; undefined if there is none. */
export function hiddenBelow(path: string, user: User, facts: (path: string) => Facts = statSync): string | undefined {
  return parentsOf(path).find((parent) => !maySearch(facts(parent), user));
}

/** Returns the parents, beginning with the root directory. */
function parentsOf(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [...parentsOf(parent), parent];
}
