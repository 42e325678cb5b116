/** Finds a process that has a file open for writing, among those of this PID namespace. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { processesHelper } from '../../ipc/helpers/processes-helper.ts';

/** O_WRONLY | O_RDWR. */
const WRITE_FLAGS = 0o3;

/**
 * Returns the id of a process that may still write to the file, or undefined. Throws the file system's error about
 * `path`.
 */
export async function writerOf(path: string, proc = '/proc'): Promise<number | undefined> {
  const file = await stat(path);
  const helper = processesHelper();
  if (helper !== undefined) {
    const opened = await helper.ask(`writers ${file.dev} ${file.ino}`, (line) => line === '.');
    return opened.map(parseOpened).find(({ flags }) => (flags & WRITE_FLAGS) !== 0)?.pid;
  }
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

/** Parses `PID FLAGS`. */
function parseOpened(line: string): { pid: number; flags: number } {
  const [pid = '', flags = ''] = line.split(' ');
  return { pid: Number(pid), flags: Number.parseInt(flags || '0', 8) };
}

/** Ignores errors: a process may end while its descriptors are read. */
const GONE = () => undefined;

function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}
