/**
 * Relays: the hub orders one from a node, and the node dials `GET /relay/ID` with its session token. From then on the hub
 * is the HTTP client on that connection.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { RELAY_PATH, RELAY_UPGRADE } from '@packetlog/common/fleet';
import { newSecret } from '../identity/secrets.ts';
import type { ConnectionAccess, Lines } from './connection-access.ts';
import type { NodeLink } from './node-link.ts';

const RELAY_MS = 10_000;
/** Relays that a node has not dialed yet. */
const MAX_ORDERS_OF_NODE = 64;

interface Order {
  readonly node: string;
  readonly resolve: (socket: Duplex) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

export class RelayOrders {
  readonly #orders = new Map<string, Order>();
  readonly #relays = new Set<Duplex>();
  readonly #access: ConnectionAccess;
  readonly #lines: Lines;

  constructor(access: ConnectionAccess, lines: Lines) {
    this.#access = access;
    this.#lines = lines;
  }

  /** `send` sends the relay's id to the node. Rejects if the node does not dial in time. */
  order({ name }: Pick<NodeLink, 'name'>, send: (id: string) => void): Promise<Duplex> {
    const waiting = [...this.#orders.values()].filter(({ node }) => node === name).length;
    if (waiting >= MAX_ORDERS_OF_NODE)
      return Promise.reject(new Error(`${name} has not dialed ${waiting} relays yet.`));
    return new Promise((resolve, reject) => {
      const id = newSecret();
      const timer = setTimeout(() => {
        this.#orders.delete(id);
        reject(new Error(`${name} did not dial a relay within ${RELAY_MS / 1000} s.`));
      }, RELAY_MS);
      this.#orders.set(id, { node: name, resolve, reject, timer });
      send(id);
    });
  }

  /**
   * Takes the upgrade of a relay; returns false if the request is none. `nodeOf` returns whose session token this is.
   */
  upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    nodeOf: (token: string) => Pick<NodeLink, 'name'> | undefined,
  ): boolean {
    const { url = '', headers } = request;
    if (!url.startsWith(RELAY_PATH)) return false;
    const node = nodeOf(bearerToken(headers.authorization));
    const id = url.slice(RELAY_PATH.length);
    const order = this.#orders.get(id);
    const isRight = headers.upgrade?.toLowerCase() === RELAY_UPGRADE && order?.node === node?.name;
    if (node === undefined || order === undefined || !isRight) {
      const facts = { address: request.socket.remoteAddress ?? '', node: node?.name ?? '' };
      this.#lines.warn(facts, node === undefined ? 'relay without a session token' : 'relay that was not ordered');
      socket.end(`HTTP/1.1 ${node === undefined ? '401 Unauthorized' : '404 Not Found'}\r\nConnection: close\r\n\r\n`);
      return true;
    }
    clearTimeout(order.timer);
    this.#orders.delete(id);
    this.#access.admitted(request.socket);
    (socket as Socket).setTimeout(0);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${RELAY_UPGRADE}\r\n\r\n`);
    if (head.byteLength > 0) socket.unshift(head);
    this.#relays.add(socket);
    socket.once('close', () => this.#relays.delete(socket));
    order.resolve(socket);
    return true;
  }

  /** Ends all relays. */
  close(): void {
    for (const { reject, timer } of this.#orders.values()) {
      clearTimeout(timer);
      reject(new Error('The hub ends.'));
    }
    this.#orders.clear();
    for (const socket of this.#relays) socket.destroy();
  }
}

/** RFC 6750 section 2.1; the scheme has no case. Returns an empty text if there is no token. */
export function bearerToken(header = ''): string {
  return /^bearer +([^ ]+) *$/i.exec(header)?.[1] ?? '';
}
