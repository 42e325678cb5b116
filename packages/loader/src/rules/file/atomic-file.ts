/** Files that are whole at any moment, also after a crash or a power cut. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { writeAll } from './write-all.ts';

const OWNER_WRITES = 0o600;

/** Whoever opens `path` reads the old content or the new one. When this returns, a power cut leaves the new one. */
export function writeAtomically(path: string, content: string | Uint8Array): void {
  const directory = dirname(path);
  // In the same directory: a rename to another file system is a copy.
  const temporary = join(directory, `.${basename(path)}.${process.pid}.tmp`);
  try {
    const file = openSync(temporary, 'w', OWNER_WRITES);
    try {
      writeAll(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(directory);
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
