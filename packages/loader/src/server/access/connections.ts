/**
 * Limits the server's TCP connections: in all, per address, and what a connection may cost before it has sent a token.
 * Such a connection is a stranger: it has a few seconds and a few kilobytes for its request. Strangers have places that
 * clients cannot take, so the server can read a token however many clients are connected. When there are too many
 * strangers, the server closes the oldest idle one first, and only then one that is being answered or is new. A
 * stranger that does not read its answer counts as idle, so strangers cannot hold all places with unread answers.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { LineLimit } from '../../line-limit.ts';
import { CLIENT_LIMITS, type ClientLimits } from './admission.ts';
import { watchHandshakes } from './handshakes.ts';
import { LOOPBACK_PEER, peerOf } from './peer-address.ts';

export interface ConnectionLimits extends ClientLimits {
  readonly all: number;
  readonly strangers: number;
  /** From one address; does not apply to loopback. */
  readonly strangersPerAddress: number;
  /** From the connection to the first complete request, ms. */
  readonly requestMs: number;
  /** From the upgrade to the token, ms. */
  readonly tokenMs: number;
  /** How long a pending answer protects its connection from being closed first, ms. */
  readonly answerMs: number;
  /** How long an answer may make no progress before its connection counts as idle, ms. */
  readonly stalledMs: number;
  /** How long a new connection has for its request before it counts as idle, ms. */
  readonly newcomerMs: number;
  /** From the server's close or rejection to the end of the connection, ms. */
  readonly goodbyeMs: number;
}

const LIMITS: ConnectionLimits = {
  all: 2048,
  strangers: 1024,
  strangersPerAddress: 64,
  ...CLIENT_LIMITS,
  requestMs: 10_000,
  tokenMs: 10_000,
  answerMs: 60_000,
  stalledMs: 3000,
  newcomerMs: 1500,
  goodbyeMs: 1000,
};

/** File descriptors reserved for the rest of the loader. */
const SPARE_DESCRIPTORS = 64;
const MIN_CONNECTIONS = 8;
/** A handshake with a token takes 600 bytes. */
const STRANGER_BYTES = 16 * 1024;
/** Browsers send one request at a time on a connection. */
const MAX_UNANSWERED = 16;

/** Returns the limits for a process that may open `descriptors` files and has opened `used`; `most`: connections in all. */
export function limitsFor(descriptors: number, used: number, most = LIMITS.all): ConnectionLimits {
  const all = Math.max(MIN_CONNECTIONS, Math.min(most, descriptors - used - SPARE_DESCRIPTORS));
  const strangers = Math.min(LIMITS.strangers, Math.ceil(all / 2));
  const admins = Math.min(LIMITS.admins, Math.ceil(all / 8));
  const readers = Math.min(LIMITS.readers, all - strangers - admins);
  return { ...LIMITS, all, strangers, admins, readers };
}

/** Returns the limits for this process, from its current descriptor limit and open descriptors. */
export function ownLimits(most?: number): ConnectionLimits {
  const text = readFileSync('/proc/self/limits', 'utf8');
  const descriptors = Number(/^Max open files\s+(\d+)/m.exec(text)?.[1] ?? Number.POSITIVE_INFINITY);
  return limitsFor(descriptors, readdirSync('/proc/self/fd').length, most);
}

interface Connection {
  readonly peer: string;
  isStranger: boolean;
  /**
   * Until this time idle connections are closed before this one: it is new, is being answered, or may still send its
   * token.
   */
  busyUntil: number;
  /** Requests that are not fully answered. */
  unanswered: number;
  /** Bytes sent at the last check, and the time since which they have not changed. */
  sentBytes: number;
  sameSince: number;
  timer: NodeJS.Timeout | undefined;
}

export class Connections {
  readonly limits: ConnectionLimits;
  /** In the order of arrival. */
  readonly #all = new Map<Socket, Connection>();
  readonly #perPeer = new Map<string, Set<Socket>>();
  readonly #strangers = new Set<Socket>();
  readonly #lines: Pick<LineLimit, 'warn'>;
  readonly #counted = new WeakSet<IncomingMessage>();
  readonly #relayed = new WeakSet<Socket>();

  constructor(lines: Pick<LineLimit, 'warn'>, limits = ownLimits()) {
    this.limits = limits;
    this.#lines = lines;
  }

  get count(): number {
    return this.#all.size;
  }

  /** Tracks every connection that `server` accepts from now on. */
  watch(server: HttpServer): void {
    server.on('connection', (socket) => this.#came(socket));
    watchHandshakes(server, (socket, tcp) => this.#secured(socket, tcp));
    // From the system: no file descriptor is left, or the peer closed before the accept.
    server.on('error', (error) => {
      // Before it listens: the caller of listen() reports the error.
      if (server.listening) this.#lines.warn({ problem: error.message }, 'a connection could not be accepted');
    });
  }

  /** Call it before the server gets a connection that this process has dialed: a relay of a hub. */
  relayed(socket: Socket): void {
    this.#relayed.add(socket);
  }

  isRelayed({ socket }: Pick<IncomingMessage, 'socket'>): boolean {
    return this.#relayed.has(socket);
  }

  /**
   * Counts a request. Returns false, and closes the connection, if it has more unanswered requests than a browser would
   * send.
   */
  request(request: IncomingMessage, response: ServerResponse): boolean {
    const { socket } = request;
    const connection = this.#all.get(socket);
    if (connection === undefined || this.#counted.has(request)) return true;
    this.#counted.add(request);
    this.#stopTimer(connection);
    if (connection.unanswered++ === 0) {
      const now = performance.now();
      Object.assign(connection, {
        busyUntil: now + this.limits.answerMs,
        sentBytes: sentBytes(socket),
        sameSince: now,
      });
    }
    response.once('close', () => {
      if (--connection.unanswered === 0) connection.busyUntil = 0;
    });
    if (connection.unanswered <= MAX_UNANSWERED) return true;
    socket.destroy();
    return false;
  }

  /** Call it when the connection becomes a WebSocket; `head` came with the request. */
  upgraded(socket: Socket, head: Buffer): void {
    const connection = this.#all.get(socket);
    if (connection === undefined) return;
    this.#endIn(socket, connection, this.limits.tokenMs);
    connection.busyUntil = performance.now() + this.limits.tokenMs;
    let bytes = 0;
    const count = (piece: Buffer) => {
      if (!connection.isStranger) return;
      bytes += piece.byteLength;
      if (bytes > STRANGER_BYTES) socket.destroy();
    };
    count(head);
    socket.on('data', count);
  }

  /** Call it when the connection has sent a valid token. */
  admitted(socket: Socket): void {
    const connection = this.#all.get(socket);
    if (connection === undefined) return;
    this.#stopTimer(connection);
    connection.isStranger = false;
    this.#strangers.delete(socket);
  }

  /** Call it when the server disconnects the client or rejects its token: it keeps only the time to read that. */
  dismissed(socket: Socket): void {
    const connection = this.#all.get(socket);
    if (connection === undefined) return;
    connection.isStranger = true;
    connection.busyUntil = 0;
    this.#strangers.add(socket);
    this.#endIn(socket, connection, this.limits.goodbyeMs);
  }

  #came(socket: Socket): void {
    // An error closes the socket; there is nothing more to do.
    socket.on('error', () => {});
    const peer = peerOf(socket.remoteAddress);
    const { all, strangers, strangersPerAddress, requestMs } = this.limits;
    if (peer !== LOOPBACK_PEER) {
      const others = [...(this.#perPeer.get(peer) ?? [])].filter((each) => this.#strangers.has(each));
      this.#makeWay(others, others.length - strangersPerAddress + 1);
    }
    const excess = Math.max(this.#strangers.size - strangers, this.#all.size - all) + 1;
    if (excess > 0) this.#makeWay([...this.#strangers], excess);
    if (this.#all.size >= all) {
      this.#reject(socket, { address: peer, connections: this.#all.size });
      return;
    }
    this.#add(socket, peer);
    this.#endIn(socket, this.#all.get(socket) as Connection, requestMs);
  }

  /** Call it when the TLS handshake is complete: from now on `socket` stands for the TCP connection below it. */
  #secured(socket: Socket, tcp: Socket | undefined): void {
    if (this.#relayed.has(socket)) {
      this.#came(socket);
      return;
    }
    socket.on('error', () => {});
    const connection = tcp && this.#all.get(tcp);
    if (tcp === undefined || connection === undefined) {
      // It was closed during the handshake.
      socket.destroy();
      return;
    }
    this.#remove(tcp);
    this.#add(socket, connection.peer);
    this.#endIn(socket, this.#all.get(socket) as Connection, this.limits.requestMs);
  }

  #add(socket: Socket, peer: string): void {
    const now = performance.now();
    this.#all.set(socket, {
      peer,
      isStranger: true,
      busyUntil: now + this.limits.newcomerMs,
      unanswered: 0,
      sentBytes: 0,
      sameSince: now,
      timer: undefined,
    });
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

  #reject(socket: Socket, facts: { address: string; connections: number }): void {
    socket.destroy();
    this.#lines.warn(facts, 'connection rejected: too many');
  }

  /** Closes `count` of these sockets, which are in the order of arrival: idle ones first, oldest first. */
  #makeWay(strangers: readonly Socket[], count: number): void {
    if (count <= 0) return;
    const now = performance.now();
    const busy = new Set(strangers.filter((socket) => this.#isBusy(socket, now)));
    const inTurn = [...strangers.filter((socket) => !busy.has(socket)), ...busy];
    for (const socket of inTurn.slice(0, count)) {
      this.#lines.warn({ address: this.#all.get(socket)?.peer ?? '' }, 'connection without a token closed: too many');
      // Remove it now: the 'close' event takes a turn of the event loop.
      this.#remove(socket);
      socket.destroy();
    }
  }

  /** Checks the progress of the socket's answer. Call it for every stranger whenever some have to be closed. */
  #isBusy(socket: Socket, now: number): boolean {
    const connection = this.#all.get(socket);
    if (connection === undefined || connection.busyUntil <= now) return false;
    if (connection.unanswered === 0) return true;
    const sent = sentBytes(socket);
    if (sent !== connection.sentBytes) Object.assign(connection, { sentBytes: sent, sameSince: now });
    return now - connection.sameSince < this.limits.stalledMs;
  }

  #stopTimer(connection: Connection): void {
    clearTimeout(connection.timer);
    connection.timer = undefined;
  }

  #endIn(socket: Socket, connection: Connection, ms: number): void {
    clearTimeout(connection.timer);
    // If this thread was late, input that arrived in time is still unread: read it before closing the connection.
    const end = () => setImmediate(() => connection.timer === timer && socket.destroy());
    const timer = setTimeout(end, ms).unref();
    connection.timer = timer;
  }
}

/**
 * Returns the bytes that the kernel has accepted; the number grows as the peer reads. `bytesWritten` alone includes
 * bytes that wait in libuv; `net.Socket` checks that queue for its own timeout (`_onTimeout`, lib/net.js).
 */
function sentBytes(socket: Socket & { readonly _handle?: { readonly writeQueueSize?: number } | null }): number {
  return socket.bytesWritten - (socket._handle?.writeQueueSize ?? 0);
}
