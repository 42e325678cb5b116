/**
 * Finds the local processes that listen on ports, in /proc. The result is a snapshot: when a packet arrived, another
 * process may have had the port.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';
import type { Listener } from '@packetlog/common';
import { listeningSockets } from './listening-sockets.ts';

const TABLES = [
  ['tcp', 6],
  ['tcp6', 6],
  ['udp', 17],
  ['udp6', 17],
] as const;
/** Time in ms for which a result is reused: each search reads the link of every open file. */
const FRESH_MS = 5000;

export class Listeners {
  #found: Promise<Listener[]> | undefined;
  #foundAt = Number.NEGATIVE_INFINITY;

  /** Returns the listeners sorted by protocol and port; a process that listens in both families is listed once. */
  find(): Promise<Listener[]> {
    if (this.#found === undefined || performance.now() - this.#foundAt > FRESH_MS) {
      this.#foundAt = performance.now();
      this.#found = look();
    }
    return this.#found;
  }
}

async function look(): Promise<Listener[]> {
  const tables = await Promise.all(
    TABLES.map(async ([name, protocol]) => listeningSockets(await textOf(`/proc/net/${name}`), protocol)),
  );
  const byInode = new Map(tables.flat().map((socket) => [socket.inode, socket]));
  const found = new Map<string, Listener>();
  for (const pid of (await entriesOf('/proc')).filter((name) => /^\d+$/.test(name))) {
    for (const fd of await entriesOf(`/proc/${pid}/fd`)) {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(await linkOf(`/proc/${pid}/fd/${fd}`)) ?? [];
      const socket = byInode.get(Number(inode));
      if (!socket) continue;
      const { ip_protocol, port } = socket;
      const key = `${ip_protocol} ${port} ${pid}`;
      if (found.has(key)) continue;
      found.set(key, { ip_protocol, port, pid: Number(pid), process: processName(await textOf(`/proc/${pid}/comm`)) });
    }
  }
  return [...found.values()].sort((a, b) => a.ip_protocol - b.ip_protocol || a.port - b.port || a.pid - b.pid);
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
