/** Files that are complete at any moment, even after a power loss. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const OWNER_ONLY = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;

/** Names of temporary files begin with it. */
export const TEMPORARY = '.';

/** Replaces a file. When this resolves, the new content survives a power loss. Throws the file system's error. */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const directory = dirname(path);
  const temporary = join(directory, `${TEMPORARY}${basename(path)}.${randomUUID()}`);
  try {
    await using file = await open(temporary, 'wx', OWNER_ONLY);
    await file.writeFile(content);
    await file.sync();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(directory);
}

export async function removeDurably(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncDirectory(dirname(path));
}

/** Creates a directory that only the owner can enter, and its entry on the disk. Its parent must exist. */
export async function makeDirectory(path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode: OWNER_ONLY_DIRECTORY });
  if (made !== undefined) await syncDirectory(dirname(path));
}

async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, 'r');
  await directory.sync();
}
