/**
 * The TCP connections of the server: how many there may be, in all and from one address, and what one that has shown no
 * token may cost. Such a connection is a stranger: it has seconds to say what it wants and a few kilobytes to say it
 * in, and the oldest stranger makes way when there are too many.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { LineLimit } from './line-limit.ts';
import { LOOPBACK_PEER, peerOf } from './peer-address.ts';

export interface ConnectionLimits {
  readonly all: number;
  readonly strangers: number;
  /** From one address; not for loopback. */
  readonly perAddress: number;
  readonly strangersPerAddress: number;
  /** From the connection to the first whole request, ms. */
  readonly requestMs: number;
  /** From the upgrade to a token, ms. */
  readonly tokenMs: number;
  /** From the server's goodbye to the end of the connection, ms. */
  readonly goodbyeMs: number;
}

const LIMITS: ConnectionLimits = {
  all: 2048,
  strangers: 1024,
  perAddress: 256,
  strangersPerAddress: 64,
  requestMs: 10_000,
  tokenMs: 10_000,
  goodbyeMs: 1000,
};

/** Descriptors that the rest of the loader may need at once. */
const SPARE_DESCRIPTORS = 64;
const FEWEST_CONNECTIONS = 8;
/** A token and what belongs to it take 600 bytes. */
const STRANGER_BYTES = 16 * 1024;
/** Browsers send one request at a time on a connection. */
const MAX_UNANSWERED = 16;

/** Limits for a process that may open `descriptors` files and has opened `used`. */
export function limitsFor(descriptors: number, used: number): ConnectionLimits {
  const all = Math.max(FEWEST_CONNECTIONS, Math.min(LIMITS.all, descriptors - used - SPARE_DESCRIPTORS));
  return { ...LIMITS, all, strangers: Math.min(LIMITS.strangers, Math.ceil(all / 2)) };
}

/** Of this process, as it is now. */
export function ownLimits(): ConnectionLimits {
  const text = readFileSync('/proc/self/limits', 'utf8');
  const descriptors = Number(/^Max open files\s+(\d+)/m.exec(text)?.[1] ?? Number.POSITIVE_INFINITY);
  return limitsFor(descriptors, readdirSync('/proc/self/fd').length);
}

interface Connection {
  readonly peer: string;
  isStranger: boolean;
  /** Requests whose answers are not sent. */
  unanswered: number;
  timer: NodeJS.Timeout | undefined;
}

export class Connections {
  readonly #limits: ConnectionLimits;
  /** In the order of coming. */
  readonly #all = new Map<Socket, Connection>();
  readonly #perPeer = new Map<string, Set<Socket>>();
  readonly #strangers = new Set<Socket>();
  readonly #lines: LineLimit;
  readonly #counted = new WeakSet<IncomingMessage>();

  constructor(log: Pick<Logger, 'warn'>, limits = ownLimits()) {
    this.#limits = limits;
    this.#lines = new LineLimit(log);
  }

  get count(): number {
    return this.#all.size;
  }

  /** From now on for every connection of `server`. */
  watch(server: HttpServer): void {
    server.on('connection', (socket) => this.#came(socket));
    // Of the system: no descriptor is left, or the peer was gone before it was accepted.
    server.on('error', (error) => this.#lines.warn({ problem: error.message }, 'a connection could not be accepted'));
  }

  /** False: it has sent more than a browser would before it read the answers, and is closed. */
  request(request: IncomingMessage, response: ServerResponse): boolean {
    const { socket } = request;
    const connection = this.#all.get(socket);
    if (connection === undefined || this.#counted.has(request)) return true;
    this.#counted.add(request);
    this.#stopTimer(connection);
    connection.unanswered++;
    response.once('close', () => {
      connection.unanswered--;
    });
    if (connection.unanswered <= MAX_UNANSWERED) return true;
    socket.destroy();
    return false;
  }

  /** It is a WebSocket from now on; `head` came with the request. */
  upgraded(socket: Socket, head: Buffer): void {
    const connection = this.#all.get(socket);
    if (connection === undefined) return;
    this.#endIn(socket, connection, this.#limits.tokenMs);
    let bytes = 0;
    const count = (piece: Buffer) => {
      if (!connection.isStranger) return;
      bytes += piece.byteLength;
      if (bytes > STRANGER_BYTES) socket.destroy();
    };
    count(head);
    socket.on('data', count);
  }

  /** It has shown a token. */
  admitted(socket: Socket): void {
    const connection = this.#all.get(socket);
    if (connection === undefined) return;
    this.#stopTimer(connection);
    connection.isStranger = false;
    this.#strangers.delete(socket);
  }

  /** It was told to go, or its token is wrong: it has no more than time to read that. */
  dismissed(socket: Socket): void {
    const connection = this.#all.get(socket);
    if (connection === undefined) return;
    connection.isStranger = true;
    this.#strangers.add(socket);
    this.#endIn(socket, connection, this.#limits.goodbyeMs);
  }

  close(): void {
    this.#lines.flush();
  }

  #came(socket: Socket): void {
    // What goes wrong on it ends it, which is all that there is to do.
    socket.on('error', () => {});
    const peer = peerOf(socket.remoteAddress);
    const from = this.#perPeer.get(peer) ?? new Set();
    const { all, strangers, perAddress, strangersPerAddress, requestMs } = this.#limits;
    const isLimited = peer !== LOOPBACK_PEER;
    if (isLimited && from.size >= perAddress) {
      this.#refuse(socket, { address: peer, connections: from.size });
      return;
    }
    if (isLimited)
      this.#makeWay(
        [...from].filter((each) => this.#strangers.has(each)),
        strangersPerAddress,
      );
    this.#makeWay(this.#strangers, strangers);
    if (this.#all.size >= all) {
      this.#makeWay(this.#strangers, 1);
      if (this.#all.size >= all) {
        this.#refuse(socket, { address: peer, connections: this.#all.size });
        return;
      }
    }
    this.#add(socket, peer);
    this.#endIn(socket, this.#all.get(socket) as Connection, requestMs);
  }

  #add(socket: Socket, peer: string): void {
    this.#all.set(socket, { peer, isStranger: true, unanswered: 0, timer: undefined });
    this.#strangers.add(socket);
    const from = this.#perPeer.get(peer);
    if (from) from.add(socket);
    else this.#perPeer.set(peer, new Set([socket]));
    socket.once('close', () => this.#remove(socket));
  }

  #remove(socket: Socket): void {
    const connection = this.#all.get(socket);
    if (connection === undefined) return;
    clearTimeout(connection.timer);
    this.#all.delete(socket);
    this.#strangers.delete(socket);
    const from = this.#perPeer.get(connection.peer);
    from?.delete(socket);
    if (from?.size === 0) this.#perPeer.delete(connection.peer);
  }

  #refuse(socket: Socket, facts: { address: string; connections: number }): void {
    socket.destroy();
    this.#lines.warn(facts, 'connection rejected: too many');
  }

  /** Ends the first of these, which came first, until one more would not exceed `limit`. */
  #makeWay(strangers: Iterable<Socket> & ({ size: number } | { length: number }), limit: number): void {
    let excess = ('size' in strangers ? strangers.size : strangers.length) - limit + 1;
    for (const socket of strangers) {
      if (excess-- <= 0) return;
      this.#lines.warn({ address: this.#all.get(socket)?.peer ?? '' }, 'connection without a token closed: too many');
      // Not only when its end is told: that takes a turn of the loop.
      this.#remove(socket);
      socket.destroy();
    }
  }

  #stopTimer(connection: Connection): void {
    clearTimeout(connection.timer);
    connection.timer = undefined;
  }

  #endIn(socket: Socket, connection: Connection, ms: number): void {
    clearTimeout(connection.timer);
    // A thread that was late has not read what came in time: it does so before it blames the peer.
    const end = () => setImmediate(() => connection.timer === timer && socket.destroy());
    const timer = setTimeout(end, ms).unref();
    connection.timer = timer;
  }
}
