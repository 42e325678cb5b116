/**
 * Checks whether another user can change where a path leads. A file that root writes to, or reads rules from, is only
 * as safe as the weakest directory on its path.
 */
import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { ServiceUsers } from './service-user.ts';

const ROOT = 0;
const GROUP_WRITE = 0o020;
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;
/** As in the kernel: MAXSYMLINKS of include/linux/namei.h. */
const MAX_LINKS = 40;

export interface PathProblem {
  /** The component that has the problem. */
  path: string;
  /** Ends a sentence that begins with the path. */
  problem: string;
}

/** By default root trusts no other user. */
const NO_SERVICE: ServiceUsers = () => [];

type Facts = Pick<Stats, 'uid' | 'gid' | 'mode'>;

/**
 * Returns the problem of one directory that contains our files: it belongs to a user who is neither root nor `user`, or
 * others may rename its entries. In a sticky directory (/tmp) only the owner of an entry may do that. Pure.
 */
export function directoryProblem({ uid, gid, mode }: Facts, user: number, service = NO_SERVICE): string | undefined {
  const owner = ownerProblem(uid, user, service);
  if (owner !== undefined) return owner;
  if ((mode & STICKY) !== 0) return undefined;
  const isOpen = (mode & OTHERS_WRITE) !== 0 || ((mode & GROUP_WRITE) !== 0 && gid !== ROOT);
  return isOpen ? `can be changed by other users (mode ${octal(mode)})` : undefined;
}

/** `service`: users whose directories and files root trusts, too. */
export function ownerProblem(uid: number, user: number, service = NO_SERVICE): string | undefined {
  const isTrusted = uid === ROOT || uid === user || (user === ROOT && service().includes(uid));
  return isTrusted ? undefined : `belongs to another user (uid ${uid})`;
}

/**
 * Returns the first component of an absolute or relative path with a problem; undefined if there is none. Follows
 * symbolic links that root or `user` created. Stops where the path does not exist yet, or is not a directory: we create
 * what is missing. Throws the error of the file system (EACCES).
 */
export function pathProblem(
  path: string,
  user = process.geteuid?.() ?? ROOT,
  service = NO_SERVICE,
): PathProblem | undefined {
  const root = directoryProblem(lstatSync('/'), user);
  if (root !== undefined) return { path: '/', problem: root };
  const left = partsOf(resolve(path));
  let current = '/';
  let links = 0;
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    const next = name === '..' ? dirname(current) : join(current, name);
    const facts = lstatSync(next, { throwIfNoEntry: false });
    if (facts === undefined) return undefined;
    const problem =
      componentProblem(facts, user, service) ??
      (links > MAX_LINKS ? 'has too many levels of symbolic links' : undefined);
    if (problem !== undefined) return { path: next, problem };
    if (facts.isSymbolicLink()) {
      links++;
      const target = readlinkSync(next);
      if (target.startsWith('/')) current = '/';
      left.unshift(...partsOf(target));
    } else if (facts.isDirectory()) {
      current = next;
    } else {
      return undefined;
    }
  }
  return undefined;
}

/** Links of the service's user are not followed: they may lead anywhere. */
function componentProblem(facts: Stats, user: number, service: ServiceUsers): string | undefined {
  if (facts.isDirectory()) return directoryProblem(facts, user, service);
  return ownerProblem(facts.uid, user, facts.isSymbolicLink() ? NO_SERVICE : service);
}

const partsOf = (path: string) => path.split('/').filter((part) => part !== '' && part !== '.');

export const octal = (mode: number) => `0${(mode & 0o7777).toString(8)}`;
