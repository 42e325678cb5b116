/** Files that are whole at any moment, also after a crash or a power cut. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
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

/** Prepares all of them, or none. Throws what the file system says. */
export function prepareFiles(files: readonly (readonly [path: string, content: string | Uint8Array])[]): PreparedFile {
  const prepared: PreparedFile[] = [];
  const abandon = () => {
    for (const each of prepared) each.abandon();
  };
  try {
    for (const [path, content] of files) prepared.push(prepareFile(path, content));
  } catch (error) {
    abandon();
    throw error;
  }
  return {
    commit: () => {
      try {
        for (const each of prepared) each.commit();
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
