/** Writes files that are complete at any moment, even after a crash or a power loss. */
import { closeSync, copyFileSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { asOwnerOf } from '../../system/service-user.ts';
import { writeAll } from '../../write-all.ts';

const OWNER_WRITES = 0o600;

/** New content of a file, which is on the disk next to it but has not replaced it yet. */
export interface PreparedFile {
  /** Replaces the file. When this returns, the new content survives a power loss. Throws the file system's error. */
  commit(): void;
  /** Leaves the file as it is. */
  abandon(): void;
}

/**
 * Replaces a file: a reader of `path` gets the old content or the new. When this returns, the new content survives a
 * power loss.
 */
export function writeAtomically(path: string, content: string | Uint8Array): void {
  asOwnerOf(dirname(path), () => {
    const prepared = prepareFile(path, content);
    try {
      prepared.commit();
    } catch (error) {
      prepared.abandon();
      throw error;
    }
  });
}

/**
 * Performs every step of a write that can fail on a full disk. Throws the file system's error, and leaves nothing
 * behind then.
 */
export function prepareFile(path: string, content: string | Uint8Array): PreparedFile {
  const directory = dirname(path);
  // In the same directory: rename(2) does not work across file systems.
  const temporary = join(directory, `.${basename(path)}.${process.pid}.tmp`);
  const abandon = () => rmSync(temporary, { force: true });
  try {
    const file = openSync(temporary, 'w', OWNER_WRITES);
    try {
      writeAll(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    abandon();
    throw error;
  }
  return {
    commit: () => rename(temporary, path),
    abandon,
  };
}

/** Renames a complete file within its directory. When this returns, that survives a power loss. */
export function renameAtomically(from: string, to: string): void {
  asOwnerOf(dirname(to), () => rename(from, to));
}

function rename(from: string, to: string): void {
  renameSync(from, to);
  syncDirectory(dirname(to));
}

/** The earlier version of a file that is being replaced. */
interface Former {
  /** Restores the earlier version as far as the file system permits. */
  restore(): void;
  forget(): void;
}

/** Keeps the earlier version of a file. Throws the file system's error, and leaves nothing behind then. */
function keepFormer(path: string): Former {
  const kept = join(dirname(path), `.${basename(path)}.${process.pid}.old`);
  const forget = () => rmSync(kept, { force: true });
  forget();
  const existed = existsSync(path);
  if (existed) linkOrCopy(path, kept);
  const restore = () => {
    try {
      if (existed) renameSync(kept, path);
      else rmSync(path, { force: true });
      syncDirectory(dirname(path));
    } catch {
      // The caller throws the original error, which probably has the same cause.
    }
  };
  return { restore, forget };
}

/**
 * Links a file, or copies it if that fails: some file systems have no hard links, and a mount point cannot be linked.
 */
function linkOrCopy(path: string, other: string): void {
  try {
    linkSync(path, other);
  } catch {
    copyFileSync(path, other);
  }
}

/**
 * Prepares all files, or none; `commit` replaces all of them, or none. `last`: prepares a file that is replaced after
 * the others. Throws the file system's error.
 */
export function prepareFiles(
  files: readonly (readonly [path: string, content: string | Uint8Array])[],
  last?: () => PreparedFile,
): PreparedFile {
  const prepared: PreparedFile[] = [];
  const previous: Former[] = [];
  const abandon = () => {
    for (const each of prepared) each.abandon();
    for (const each of previous) each.forget();
  };
  try {
    for (const [path, content] of files) {
      prepared.push(prepareFile(path, content));
      previous.push(keepFormer(path));
    }
    if (last !== undefined) prepared.push(last());
  } catch (error) {
    abandon();
    throw error;
  }
  return {
    commit: () => {
      try {
        for (const each of prepared) each.commit();
      } catch (error) {
        for (const each of previous) each.restore();
        throw error;
      } finally {
        abandon();
      }
    },
    abandon,
  };
}

/** Writes the directory entry to the disk: without this, a power loss may undo the rename. */
function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
