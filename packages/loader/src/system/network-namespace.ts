/** Finds the network namespace of a path. */
import { closeSync, openSync, statfsSync, statSync } from 'node:fs';
import { ERRNO } from '../errors/errno.ts';
import { privilegeAdvice } from '../errors/privilege.ts';
import { SetupError } from '../errors/setup-error.ts';
import { enterNetworkNamespace, SystemCallError } from '../native/libc.ts';
import { requireKernelFiles } from './kernel-files.ts';

/** NSFS_MAGIC of linux/magic.h. */
const NSFS_MAGIC = 0x6e736673;
const DENIED: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM']);

/** Returns the inode of the namespace; `given` undefined: that of this process. Throws SetupError. */
export function networkNamespaceId(given?: string): string {
  if (given === undefined) requireKernelFiles();
  const path = given ?? '/proc/self/ns/net';
  try {
    // An nsfs file may be another kind of namespace: setns(2) rejects it when it is entered.
    if (statfsSync(path).type === NSFS_MAGIC) return statSync(path, { bigint: true }).ino.toString();
  } catch (cause) {
    throw cannotEnter(path, cause);
  }
  throw notOne(path);
}

/** Moves the calling thread into the network namespace of a path. Throws SetupError. */
export function enterNamespaceAt(path: string): void {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (cause) {
    throw cannotEnter(path, cause);
  }
  try {
    enterNetworkNamespace(fd);
  } catch (cause) {
    if (!(cause instanceof SystemCallError)) throw cause;
    if (cause.errno === ERRNO.EINVAL) throw notOne(path, cause);
    throw cannotEnter(path, cause, cause.errno === ERRNO.EPERM);
  } finally {
    closeSync(fd);
  }
}

/** Returns the error for a namespace that cannot be entered. `cause`: the error of stat, open or setns. */
function cannotEnter(
  path: string,
  cause: unknown,
  denied = DENIED.has((cause as NodeJS.ErrnoException).code),
): SetupError {
  return new SetupError({
    step: 'enter network namespace',
    target: path,
    next: denied ? privilegeAdvice() : 'List the namespaces with: ip netns list.',
    exit: denied ? 'privilege' : 'not_found',
    cause,
  });
}

/**
 * Returns the error for a path that is not a network namespace: setns(2) returned EINVAL, or it is not an nsfs file.
 */
function notOne(path: string, cause?: unknown): SetupError {
  return new SetupError({
    step: 'enter network namespace',
    target: path,
    problem: 'it is not a network namespace',
    next: 'Name one (ip netns list), or write /proc/PID/ns/net.',
    exit: 'not_found',
    cause,
  });
}
