/** Finds which processes have which sockets, in /proc or through the helper that may see those of all users. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import type { HelperLink } from '../ipc/helpers/helper-link.ts';

interface ProcessSockets {
  readonly pid: string;
  readonly inodes: readonly number[];
}

/** `helper`: lists the sockets of all processes; undefined: this process may look itself, at those of its own user. */
export function processSockets(helper: HelperLink | undefined): AsyncIterable<ProcessSockets> {
  return helper === undefined ? ownView() : viewOf(helper);
}

/** Returns the name of a process for each of these sockets whose owner is found; of several, one. */
export async function socketOwners(
  helper: HelperLink | undefined,
  wanted: ReadonlySet<number>,
): Promise<ReadonlyMap<number, string>> {
  const owners = new Map<number, string>();
  if (wanted.size === 0) return owners;
  for await (const { pid, inodes } of processSockets(helper)) {
    const found = inodes.filter((inode) => wanted.has(inode) && !owners.has(inode));
    if (found.length === 0) continue;
    const name = await processName(pid);
    for (const inode of found) owners.set(inode, name);
  }
  return owners;
}

/** Returns the name in /proc/PID/comm, which is that of the first thread: since version 24, Node.js names its own. */
export async function processName(pid: string): Promise<string> {
  return (await textOf(`/proc/${pid}/comm`)).trim().replace(/^node-MainThread$/, 'node');
}

/** Processes may end during the search: a missing file counts as empty. */
export async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

async function* ownView(): AsyncIterable<ProcessSockets> {
  for (const pid of (await entriesOf('/proc')).filter((name) => /^\d+$/.test(name))) {
    const links = [];
    for (const fd of await entriesOf(`/proc/${pid}/fd`)) links.push(await linkOf(`/proc/${pid}/fd/${fd}`));
    yield { pid, inodes: links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []).map(Number) };
  }
}

/** Parses the answer of the helper: a line with the pid of each process, followed by `s INODE` for each socket. */
async function* viewOf(helper: HelperLink): AsyncIterable<ProcessSockets> {
  let process: { pid: string; inodes: number[] } | undefined;
  for (const line of await helper.ask('sockets', (each) => each === '.')) {
    if (line.startsWith('s ')) process?.inodes.push(Number(line.slice(2)));
    else {
      if (process !== undefined) yield process;
      process = { pid: line, inodes: [] };
    }
  }
}

async function entriesOf(path: string): Promise<string[]> {
  return readdir(path).catch(() => []);
}

async function linkOf(path: string): Promise<string> {
  return readlink(path).catch(() => '');
}
