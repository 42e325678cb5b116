/**
 * Waits for a server that the service manager has started with a separate user and sandbox. The server connects to a
 * Unix socket and receives its ends of the pipes and the slabs as descriptors (unix(7), SCM_RIGHTS).
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { SetupError } from '../errors/setup-error.ts';
import { NO_SERVER } from '../ipc/server-descriptors.ts';
import type { Launcher, PipeSource } from './launcher.ts';
import { type RunEvents, ServerRun } from './server-run.ts';

/** Owner and group: the group of the directory decides which users can connect. */
const MODE = 0o660;
const UMASK = 0o117;

export class SocketLauncher implements Launcher {
  readonly isChild = false;
  readonly #server: Server;
  /** The newest connection that no run uses. */
  #waiting: Socket | undefined;
  #connected: (socket: Socket) => void = () => {};

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      socket.on('error', () => {});
      this.#waiting?.destroy();
      this.#waiting = socket;
      this.#connected(socket);
    });
  }

  /** Listens at `path`. Throws SetupError. */
  static async listen(path: string): Promise<SocketLauncher> {
    const server = createServer({ pauseOnConnect: true });
    const launcher = new SocketLauncher(server);
    await listenAt(server, path);
    return launcher;
  }

  async launch(source: PipeSource, events: RunEvents): Promise<ServerRun> {
    const socket = await this.#nextConnection();
    try {
      await source.makePipes({ socket: descriptorOf(socket) });
    } catch (error) {
      // Its server waits for descriptors; now it connects again.
      socket.destroy();
      throw error;
    }
    const run = new ServerRun(socket, { pid: undefined, kill: () => socket.destroy() }, events);
    socket.resume();
    return run;
  }

  close(): void {
    this.#waiting?.destroy();
    this.#server.close();
  }

  #nextConnection(): Promise<Socket> {
    const waiting = this.#waiting;
    if (waiting !== undefined && !waiting.destroyed) {
      this.#waiting = undefined;
      return Promise.resolve(waiting);
    }
    return new Promise((resolve) => {
      this.#connected = (socket) => {
        this.#connected = () => {};
        this.#waiting = undefined;
        resolve(socket);
      };
    });
  }
}

/** Tells servers that there is nothing to serve (`--listen off`), so that they end. Throws SetupError. */
export async function turnServersAway(path: string): Promise<void> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(NO_SERVER);
  });
  await listenAt(server, path);
}

async function listenAt(server: Server, path: string): Promise<void> {
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const next = 'Check the directory in PACKETLOG_SERVER_SOCKET.';
      reject(new SetupError({ step: 'listen on', target: path, next, exit: 'listen', cause }));
    });
    // The mode from bind(2) on: a chmod afterwards alone would leave it open to others for a moment.
    const umask = process.umask(UMASK);
    try {
      server.listen(path, resolve);
    } finally {
      process.umask(umask);
    }
  });
  chmodSync(path, MODE);
  server.unref();
}

/** Node.js has no public property for it. */
function descriptorOf(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly fd?: number } | null };
  if (handle?.fd === undefined || handle.fd < 0) throw new Error('the connection has closed');
  return handle.fd;
}
