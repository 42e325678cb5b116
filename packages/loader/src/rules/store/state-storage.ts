/** Whether files can be stored in the state directory, without storing one. */
import { accessSync, constants, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Problem } from '../../errors/setup-error.ts';

const MIB = 2 ** 20;
const NAME_ANOTHER = 'name another directory with PACKETLOG_STATE_DIR';
/** A list may have 64 MiB, and is written before its old copy is removed. */
export const ENOUGH_BYTES = 128 * MIB;

/** `denied` of a file system that holds no files of ours: PROC_SUPER_MAGIC and SYSFS_MAGIC of linux/magic.h. */
const PSEUDO = 'PSEUDO';
const PSEUDO_TYPES: readonly number[] = [0x9fa0, 0x62656572];

export interface StorageFacts {
  /** The state directory, or the nearest directory above it that exists. */
  directory: string;
  /** Error code of access(2) for writing, or PSEUDO; undefined if it may be written. */
  denied: string | undefined;
  /** Bytes that this user may still use. */
  freeBytes: number;
}

/** Returns the facts; undefined if no directory on the path can be inspected. */
export function observeStorage(path: string): StorageFacts | undefined {
  try {
    const { type, blocks, bavail, bsize } = statfsSync(path);
    const denied = PSEUDO_TYPES.includes(type) ? PSEUDO : writeDenial(path);
    // Some network file systems do not know their size.
    return { directory: path, denied, freeBytes: blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' && dirname(path) !== path ? observeStorage(dirname(path)) : undefined;
  }
}

function writeDenial(path: string): string | undefined {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'EACCES';
  }
}

/** Returns why nothing can be stored; undefined if files can be stored. Pure. */
export function storageProblem({ directory, denied, freeBytes }: StorageFacts): Problem | undefined {
  const cannot = (why: string, next: string) => ({ problem: `Rules cannot be changed: ${why}`, next });
  if (denied === 'EROFS')
    return cannot(`${directory} is on a read-only file system`, `Make it writable, or ${NAME_ANOTHER}.`);
  if (denied === PSEUDO) return cannot(`no file can be stored in ${directory}`, `${capitalized(NAME_ANOTHER)}.`);
  if (denied !== undefined)
    return cannot(
      `this user may not write to ${directory}`,
      `Check its owner (ls -ld ${directory}), or ${NAME_ANOTHER}.`,
    );
  if (freeBytes === 0)
    return cannot(
      `the file system of ${directory} is full`,
      `Free some space (df -h ${directory}), or ${NAME_ANOTHER}.`,
    );
  return undefined;
}

const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** Returns a warning if space is short. Pure. */
export function spaceWarning({ directory, freeBytes }: StorageFacts): Problem | undefined {
  if (freeBytes >= ENOUGH_BYTES) return undefined;
  return {
    problem: `The file system of ${directory} has ${Math.floor(freeBytes / MIB)} MiB left`,
    next: `Free some space (df -h ${directory}): rules, lists and the audit log are stored there.`,
  };
}
