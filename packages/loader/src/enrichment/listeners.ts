/**
 * Finds the local processes that listen on ports, in /proc. The result is a snapshot: when a packet arrived, another
 * process may have had the port.
 */
import type { Listener } from '@packetlog/common';
import type { HelperLink } from '../ipc/helpers/helper-link.ts';
import { listeningSockets } from '../system/listening-sockets.ts';
import { processName, processSockets, textOf } from './socket-owners.ts';

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
      this.#found = look(this.#helper);
    }
    return this.#found;
  }
}

async function look(helper: HelperLink | undefined): Promise<Listener[]> {
  const tables = await Promise.all(
    TABLES.map(async ([name, protocol]) => listeningSockets(await textOf(`/proc/net/${name}`), protocol)),
  );
  const byInode = new Map(tables.flat().map((socket) => [socket.inode, socket]));
  const found = new Map<string, Listener>();
  for await (const { pid, inodes } of processSockets(helper)) {
    for (const inode of inodes) {
      const socket = byInode.get(inode);
      if (!socket) continue;
      const { ip_protocol, port } = socket;
      const key = `${ip_protocol} ${port} ${pid}`;
      if (found.has(key)) continue;
      found.set(key, { ip_protocol, port, pid: Number(pid), process: await processName(pid) });
    }
  }
  return [...found.values()].sort((a, b) => a.ip_protocol - b.ip_protocol || a.port - b.port || a.pid - b.pid);
}
