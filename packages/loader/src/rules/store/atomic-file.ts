/** Files that are whole at any moment, also after a crash or a power cut. */
import { closeSync, copyFileSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { writeAll } from './write-all.ts';

const OWNER_WRITES = 0o600;

/** Content that is on the disk beside its file, and has not taken its place yet. */
export interface PreparedFile {
  /** Takes the place. When this returns, a power cut leaves the new content. Throws what the file system says. */
  commit(): void;
  /** The file stays as it is. */
  abandon(): void;
}

/** Whoever opens `path` reads the old content or the new one. When this returns, a power cut leaves the new one. */
export function writeAtomically(path: string, content: string | Uint8Array): void {
  const prepared = prepareFile(path, content);
  try {
    prepared.commit();
  } catch (error) {
    prepared.abandon();
    throw error;
  }
}

/** Does all of a write that a full disk can stop. Throws what the file system says; nothing is left then. */
export function prepareFile(path: string, content: string | Uint8Array): PreparedFile {
  const directory = dirname(path);
  // In the same directory: a rename to another file system is a copy.
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
    commit: () => {
      renameSync(temporary, path);
      syncDirectory(directory);
    },
    abandon,
  };
}

/** What a file was before another takes its place. */
interface Former {
  /** As it was, as far as the file system lets it. */
  restore(): void;
  forget(): void;
}

/** Throws what the file system says; nothing is left then. */
function keepFormer(path: string): Former {
  const kept = join(dirname(path), `.${basename(path)}.${process.pid}.old`);
  const forget = () => rmSync(kept, { force: true });
  forget();
  const isThere = existsSync(path);
  if (isThere) linkOrCopy(path, kept);
  const restore = () => {
    try {
      if (isThere) renameSync(kept, path);
      else rmSync(path, { force: true });
      syncDirectory(dirname(path));
    } catch {
      // What failed before fails again, and is told already.
    }
  };
  return { restore, forget };
}

/** Not every file system has links, and there is none to a file that is mounted by itself. */
function linkOrCopy(path: string, other: string): void {
  try {
    linkSync(path, other);
  } catch {
    copyFileSync(path, other);
  }
}

/** Prepares all of them, or none; `commit` lets all of them take their places, or none. Throws what the file system says. */
export function prepareFiles(files: readonly (readonly [path: string, content: string | Uint8Array])[]): PreparedFile {
  const prepared: PreparedFile[] = [];
  const former: Former[] = [];
  const abandon = () => {
    for (const each of prepared) each.abandon();
    for (const each of former) each.forget();
  };
  try {
    for (const [path, content] of files) {
      prepared.push(prepareFile(path, content));
      former.push(keepFormer(path));
    }
  } catch (error) {
    abandon();
    throw error;
  }
  return {
    commit: () => {
      try {
        for (const each of prepared) each.commit();
      } catch (error) {
        for (const each of former) each.restore();
        throw error;
      } finally {
        abandon();
      }
    },
    abandon,
  };
}

/** The rename itself is on the disk only then. */
function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
