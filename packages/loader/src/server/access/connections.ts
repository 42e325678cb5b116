/**
 * The TCP connections of the server: how many there may be, in all and from one address, and what one that has shown no
 * token may cost. Such a connection is a stranger: it has seconds to say what it wants and a few kilobytes to say it
 * in. Strangers have places that clients cannot take, so that a token is read however many clients are connected. When
 * there are too many strangers, the oldest idle one makes way, before any that is being answered or has just come. One
 * that does not read its answer is idle, so that strangers cannot hold all places with answers that wait for them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { CLIENT_LIMITS, type ClientLimits } from './admission.ts';
import type { LineLimit } from './line-limit.ts';
import { LOOPBACK_PEER, peerOf } from './peer-address.ts';

export interface ConnectionLimits extends ClientLimits {
  readonly all: number;
  readonly strangers: number;
  /** From one address; not for loopback. */
  readonly strangersPerAddress: number;
  /** From the connection to the first whole request, ms. */
  readonly requestMs: number;
  /** From the upgrade to a token, ms. */
  readonly tokenMs: number;
  /** How long an answer keeps its connection from being the first to make way, ms. */
  readonly answerMs: number;
  /** How long an answer may make no progress until its connection counts as idle, ms. */
  readonly stalledMs: number;
  /** How long a new connection has for its request before it counts as idle, ms. */
  readonly newcomerMs: number;
  /** From the server's goodbye to the end of the connection, ms. */
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
  const strangers = Math.min(LIMITS.strangers, Math.ceil(all / 2));
  const admins = Math.min(LIMITS.admins, Math.ceil(all / 8));
  const readers = Math.min(LIMITS.readers, all - strangers - admins);
  return { ...LIMITS, all, strangers, admins, readers };
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
  /** Until then idle connections make way before it: it is new, being answered, or has time to show its token. */
  busyUntil: number;
  /** Requests whose answers are not sent. */
  unanswered: number;
  /** Of its answers, at the last look, and since when it has been the same. */
  sentBytes: number;
  sameSince: number;
  timer: NodeJS.Timeout | undefined;
}

export class Connections {
  readonly limits: ConnectionLimits;
  /** In the order of coming. */
  readonly #all = new Map<Socket, Connection>();
  readonly #perPeer = new Map<string, Set<Socket>>();
  readonly #strangers = new Set<Socket>();
  readonly #lines: Pick<LineLimit, 'warn'>;
  readonly #counted = new WeakSet<IncomingMessage>();

  constructor(lines: Pick<LineLimit, 'warn'>, limits = ownLimits()) {
    this.limits = limits;
    this.#lines = lines;
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

  /** It is a WebSocket from now on; `head` came with the request. */
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
    connection.busyUntil = 0;
    this.#strangers.add(socket);
    this.#endIn(socket, connection, this.limits.goodbyeMs);
  }

  #came(socket: Socket): void {
    // What goes wrong on it ends it, which is all that there is to do.
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
      this.#refuse(socket, { address: peer, connections: this.#all.size });
      return;
    }
    this.#add(socket, peer);
    this.#endIn(socket, this.#all.get(socket) as Connection, requestMs);
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

  #refuse(socket: Socket, facts: { address: string; connections: number }): void {
    socket.destroy();
    this.#lines.warn(facts, 'connection rejected: too many');
  }

  /** Ends `count` of these, which are in the order of coming: idle ones first, the oldest of them before the others. */
  #makeWay(strangers: readonly Socket[], count: number): void {
    if (count <= 0) return;
    const now = performance.now();
    const busy = new Set(strangers.filter((socket) => this.#isBusy(socket, now)));
    const inTurn = [...strangers.filter((socket) => !busy.has(socket)), ...busy];
    for (const socket of inTurn.slice(0, count)) {
      this.#lines.warn({ address: this.#all.get(socket)?.peer ?? '' }, 'connection without a token closed: too many');
      // Not only when its end is told: that takes a turn of the loop.
      this.#remove(socket);
      socket.destroy();
    }
  }

  /** Looks at the progress of its answer: call it for each stranger whenever some have to make way. */
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
    // A thread that was late has not read what came in time: it does so before it blames the peer.
    const end = () => setImmediate(() => connection.timer === timer && socket.destroy());
    const timer = setTimeout(end, ms).unref();
    connection.timer = timer;
  }
}

/**
 * Bytes that the kernel took, which are more when the peer reads. `bytesWritten` alone has those that wait in libuv as
 * well, whose number is what `net.Socket` looks at for its own timeout (`_onTimeout`, lib/net.js).
 */
function sentBytes(socket: Socket & { readonly _handle?: { readonly writeQueueSize?: number } | null }): number {
  return socket.bytesWritten - (socket._handle?.writeQueueSize ?? 0);
}
