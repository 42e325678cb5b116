/**
 * Finds the local processes that listen on ports, in /proc. The result is a snapshot: when a packet arrived, another
 * process may have had the port.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';
import type { Listener } from '@packetlog/common';
import type { HelperLink } from '../ipc/helpers/helper-link.ts';
import { listeningSockets } from '../system/listening-sockets.ts';

const TABLES = [
  ['tcp', 6],
  ['tcp6', 6],
  ['udp', 17],
  ['udp6', 17],
] as const;
/** Time in ms for which a result is reused: each search reads the link of every open file. */
const FRESH_MS = 5000;

export class Listeners {
  readonly #helper: HelperLink | undefined;
  #found: Promise<Listener[]> | undefined;
  #foundAt = Number.NEGATIVE_INFINITY;

  /** `helper`: lists the sockets of all processes; undefined: this process may look itself, at those of its own user. */
  constructor(helper?: HelperLink) {
    this.#helper = helper;
  }

  /** Returns the listeners sorted by protocol and port; a process that listens in both families is listed once. */
  find(): Promise<Listener[]> {
    if (this.#found === undefined || performance.now() - this.#foundAt > FRESH_MS) {
      this.#foundAt = performance.now();
      this.#found = look(() => (this.#helper === undefined ? ownView() : viewOf(this.#helper)));
    }
    return this.#found;
  }
}

/** Yields the inodes of the sockets of each process. */
type View = AsyncIterable<{ readonly pid: string; readonly inodes: readonly number[] }>;

async function look(view: () => View): Promise<Listener[]> {
  const tables = await Promise.all(
    TABLES.map(async ([name, protocol]) => listeningSockets(await textOf(`/proc/net/${name}`), protocol)),
  );
  const byInode = new Map(tables.flat().map((socket) => [socket.inode, socket]));
  const found = new Map<string, Listener>();
  for await (const { pid, inodes } of view()) {
    for (const inode of inodes) {
      const socket = byInode.get(inode);
      if (!socket) continue;
      const { ip_protocol, port } = socket;
      const key = `${ip_protocol} ${port} ${pid}`;
      if (found.has(key)) continue;
      found.set(key, { ip_protocol, port, pid: Number(pid), process: processName(await textOf(`/proc/${pid}/comm`)) });
    }
  }
  return [...found.values()].sort((a, b) => a.ip_protocol - b.ip_protocol || a.port - b.port || a.pid - b.pid);
}

async function* ownView(): View {
  for (const pid of (await entriesOf('/proc')).filter((name) => /^\d+$/.test(name))) {
    const links = [];
    for (const fd of await entriesOf(`/proc/${pid}/fd`)) links.push(await linkOf(`/proc/${pid}/fd/${fd}`));
    yield { pid, inodes: links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []).map(Number) };
  }
}

/** Parses the answer of the helper: a line with the pid of each process, followed by `s INODE` for each socket. */
async function* viewOf(helper: HelperLink): View {
  let process: { pid: string; inodes: number[] } | undefined;
  for (const line of await helper.ask('sockets', (each) => each === '.')) {
    if (line.startsWith('s ')) process?.inodes.push(Number(line.slice(2)));
    else {
      if (process !== undefined) yield process;
      process = { pid: line, inodes: [] };
    }
  }
}

/** Processes may end during the search: a missing file counts as empty. */
async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

async function entriesOf(path: string): Promise<string[]> {
  return readdir(path).catch(() => []);
}

async function linkOf(path: string): Promise<string> {
  return readlink(path).catch(() => '');
}

/** Returns the name in /proc/PID/comm, which is that of the first thread: since version 24, Node.js names its own. */
function processName(comm: string): string {
  return comm.trim().replace(/^node-MainThread$/, 'node');
}
