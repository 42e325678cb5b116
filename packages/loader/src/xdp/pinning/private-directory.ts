/** Directories below a bpf file system that only our user can access, opened one level at a time. */
import { closeSync, constants, fstatSync, mkdirSync, openSync, readdirSync, rmdirSync } from 'node:fs';
import { privilegeAdvice } from '../../errors/privilege.ts';
import { SetupError } from '../../errors/setup-error.ts';
import { serviceUsers } from '../../system/service-user.ts';
import { octal } from '../../system/trusted-path.ts';
import { type BpfFileSystem, OURS } from './bpf-file-system.ts';

const OWNER_ONLY = 0o700;
/** Error codes of open(2) with O_DIRECTORY and O_NOFOLLOW. */
const NO_DIRECTORY: ReadonlySet<string | undefined> = new Set(['ELOOP', 'ENOTDIR']);

/** Returns the entries; empty if there is no such directory. `shown`: its path as shown to the operator. */
export function entries(path: string, shown: string): string[] {
  try {
    return readdirSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    if (code === 'EACCES') throw denied('read directory', shown, cause);
    throw new SetupError({ step: 'read directory', target: shown, exit: 'failed', cause });
  }
}

function denied(step: string, target: string, cause: unknown): SetupError {
  return new SetupError({
    step,
    target,
    problem: 'permission denied',
    next: privilegeAdvice(),
    exit: 'privilege',
    cause,
  });
}

/**
 * Creates one directory. Does not use `recursive`, which never returns where mkdir(2) fails as in sysfs (Node 20).
 * `passed`: error code to ignore, besides EEXIST.
 */
export function makeDirectory(path: string, shown: string, passed?: string): void {
  try {
    mkdirSync(path, OWNER_ONLY);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST' || (code !== undefined && code === passed)) return;
    throw cannotMakeDirectory(shown, code, cause);
  }
}

/** Returns the error for a directory that mkdir(2) cannot create. `code`: its error code. */
export function cannotMakeDirectory(shown: string, code: string | undefined, cause?: unknown): SetupError {
  return new SetupError({
    step: 'make directory',
    target: shown,
    ...(code === 'EROFS' ? { problem: 'the file system is read-only' } : {}),
    next: 'Name another bpf file system with --bpf-fs DIR.',
    exit: 'privilege',
    cause,
  });
}

/**
 * Creates the directory through its parent's descriptor: by path, another user's link in place of the parent would
 * redirect it.
 */
export function makePrivate(fileSystem: BpfFileSystem, name: string): void {
  const shown = `${fileSystem.path}/${OURS}`;
  const parent = openOwn(fileSystem.ours, shown);
  // Another packetlog may remove the parent when it removes its own pins: then the next attempt creates both.
  if (parent === undefined) return;
  try {
    makeDirectory(`/proc/self/fd/${parent}/${name}`, `${shown}/${name}`, 'ENOENT');
  } finally {
    closeSync(parent);
  }
}

/** Opens the directory of all pins; undefined if there is none. Throws SetupError if others may use it. */
export function openOurs(fileSystem: BpfFileSystem): number | undefined {
  return openOwn(fileSystem.ours, `${fileSystem.path}/${OURS}`);
}

/** Opens both levels without following links: in a bpf file system of mode 1777 any user may have created them. */
export function openPrivate(fileSystem: BpfFileSystem, name: string): number | undefined {
  const parent = openOwn(fileSystem.ours, `${fileSystem.path}/${OURS}`);
  if (parent === undefined) return undefined;
  try {
    return openOwn(`/proc/self/fd/${parent}/${name}`, `${fileSystem.path}/${OURS}/${name}`);
  } finally {
    closeSync(parent);
  }
}

/** Opens a directory that only its owner, our user, can access. Returns undefined if there is none. */
function openOwn(path: string, shown: string): number | undefined {
  const fail = (problem: string | undefined, cause?: unknown) =>
    new SetupError({
      step: 'use',
      target: shown,
      ...(problem === undefined ? {} : { problem }),
      next: `Check its owner (ls -ld ${shown}), remove it (rm -r ${shown}), and restrict its file system to root: chmod 0700.`,
      exit: 'failed',
      cause,
    });
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'EACCES') throw denied('use', shown, cause);
    throw fail(NO_DIRECTORY.has(code) ? 'it is a symbolic link or not a directory' : undefined, cause);
  }
  const { uid, mode } = fstatSync(fd);
  const user = process.geteuid?.();
  // Root removes and reads the pins of the installed service, too.
  const isOurs = uid === user || (user === 0 && serviceUsers().includes(uid));
  if (isOurs && (mode & 0o077) === 0) return fd;
  closeSync(fd);
  throw fail(isOurs ? `others may use it (mode ${octal(mode)})` : `it belongs to another user (uid ${uid})`);
}

export function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Other loaders have pins in it.
  }
}
