/** Finds a process that has a file open for writing, among those of this PID namespace. */
import { readdir, readFile, stat } from 'node:fs/promises';

/** O_WRONLY | O_RDWR. */
const WRITE_FLAGS = 0o3;

/**
 * Returns the id of a process that may still write to the file, or undefined. Throws the file system's error about
 * `path`.
 */
export async function writerOf(path: string, proc = '/proc'): Promise<number | undefined> {
  const file = await stat(path);
  for (const pid of (await readdir(proc)).filter((name) => /^\d+$/.test(name))) {
    for (const fd of await namesIn(`${proc}/${pid}/fd`)) {
      const open = await stat(`${proc}/${pid}/fd/${fd}`).catch(GONE);
      if (open === undefined || open.ino !== file.ino || open.dev !== file.dev) continue;
      const flags = /^flags:\s*([0-7]+)/m.exec(await readFile(`${proc}/${pid}/fdinfo/${fd}`, 'utf8').catch(() => ''));
      if ((Number.parseInt(flags?.[1] ?? '0', 8) & WRITE_FLAGS) !== 0) return Number(pid);
    }
  }
  return undefined;
}

/** Ignores errors: a process may end while its descriptors are read. */
const GONE = () => undefined;

function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}
