/** People who use single nodes through the hub: admits them, and connects each with the node. */
import type { KeyObject } from 'node:crypto';
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { handshakeSchema, type Rejection } from '@packetlog/common';
import { formatGrant, GRANT_MS, type Grant, type HubLedger } from '@packetlog/common/fleet';
import type { Server as Io, Socket } from 'socket.io';
import type { People, Person } from '../identity/people.ts';
import { newSecret } from '../identity/secrets.ts';
import { signStatement } from '../identity/signing.ts';
import type { ConnectionAccess, Lines } from '../nodes/connection-access.ts';
import type { NodeLinks } from '../nodes/node-link.ts';
import { mayChangeNode } from '../requests/roles.ts';
import { accepted, RelayRejection, socketTo } from './node-socket.ts';
import { PersonRelay } from './person-relay.ts';
import { relayTarget } from './relay-path.ts';

const MAX_RELAYS = 1000;
const MAX_RELAYS_OF_PERSON = 128;
/** When a node that is away may be there again. */
const RETRY_MS = 2000;

export interface RelayEntranceParts {
  /** Serves `/socket.io/` on `http`, which does not listen. */
  readonly io: Io;
  readonly http: HttpServer;
  readonly nodes: NodeLinks;
  readonly people: People;
  readonly hubPrivateKey: KeyObject;
  readonly access: ConnectionAccess;
  readonly lines: Lines;
  /** Counts a wrong token from this address; returns the seconds to wait, 0 for none. */
  readonly wrongToken: (address: string) => number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

interface OpenRelay {
  readonly relay: PersonRelay;
  readonly person: string;
  readonly node: string;
  readonly timer: NodeJS.Timeout;
}

export class Relays {
  readonly #parts: RelayEntranceParts;
  readonly #targets = new WeakMap<IncomingMessage, string>();
  readonly #relays = new Map<Socket, OpenRelay>();
  readonly #ends: readonly (() => void)[];

  constructor(parts: RelayEntranceParts) {
    this.#parts = parts;
    const { io, people, nodes } = parts;
    io.use((socket, next) => {
      this.#open(socket).then(
        () => next(),
        (error: unknown) => next(this.#rejected(socket, error)),
      );
    });
    io.on('connection', (socket) => this.#relays.get(socket)?.relay.start());
    this.#ends = [
      people.onChange((person) =>
        this.#endOf((each) => each.person === person, `The rights of ${person} have changed.`),
      ),
      nodes.onLeft((node) => this.#endOf((each) => each.node === node, `${node} has left the hub. It may come back.`)),
    ];
  }

  get count(): number {
    return this.#relays.size;
  }

  /** Rows of each relay. */
  ledgers(): HubLedger[] {
    return [...this.#relays.values()].map(({ relay }) => relay.rows.ledger);
  }

  /** Takes an upgrade of a person's socket to a node; returns false if the request is none. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const target = relayTarget(request.url ?? '');
    if (target === undefined) return false;
    this.#targets.set(request, target.node);
    request.url = target.url;
    this.#parts.http.emit('upgrade', request, socket, head);
    return true;
  }

  async close(): Promise<void> {
    for (const end of this.#ends) end();
    this.#endOf(() => true, 'The hub ends.');
    await this.#parts.io.close();
  }

  async #open(socket: Socket): Promise<void> {
    const { nodes, access, now, hubPrivateKey, lines } = this.#parts;
    const person = this.#personOf(socket);
    const name = this.#targets.get(socket.request) ?? '';
    access.admitted(socket.request.socket);
    this.#checkCount(person.person);
    const link = nodes.get(name);
    if (link === undefined)
      throw away(`The hub does not hear ${name} now. See when it was heard last: packetlog hub nodes.`);
    const grant: Grant = {
      node: name,
      person: person.person,
      may_change: mayChangeNode(person.role, link.group),
      expires_at_ms: now() + GRANT_MS,
      nonce: newSecret(),
    };
    const token = formatGrant(signStatement('grant', grant, hubPrivateKey));
    const { protocol } = handshakeSchema.safeParse(socket.handshake.auth).data ?? {};
    const auth = {
      token,
      ...(grant.may_change && { admin_token: token }),
      ...(protocol !== undefined && { protocol }),
    };
    const connection = await link.relay();
    const node = socketTo(connection, name, auth);
    const relay = new PersonRelay({
      ...{ person: socket, node, name },
      warn: (problem) => lines.warn({ node: name, person: person.person, problem }, 'relay ended'),
    });
    await accepted(node).catch((error: unknown) => {
      connection.destroy();
      throw this.#ofNode(name, error);
    });
    const timer = setTimeout(() => relay.end('The grant has expired. Another is made.'), GRANT_MS);
    this.#relays.set(socket, { relay, person: person.person, node: name, timer });
    const gone = () => {
      clearTimeout(timer);
      this.#relays.delete(socket);
      access.dismissed(socket.request.socket);
      relay.end('');
    };
    socket.conn.once('close', gone);
    if (socket.conn.readyState !== 'open') gone();
    // The person lost the rights, or the node left, while the relay was made.
    if (this.#personOf(socket) !== person || nodes.get(name) !== link) {
      gone();
      throw away(`The connection to ${name} is made again.`);
    }
  }

  #personOf({ handshake }: Socket): Person {
    const { people, wrongToken, lines } = this.#parts;
    const auth = handshakeSchema.safeParse(handshake.auth);
    const person = auth.success ? people.byToken(auth.data.token) : undefined;
    if (person !== undefined) return person;
    // A right token is always accepted: wrong ones from the same address must not lock out its owner.
    const seconds = wrongToken(handshake.address);
    lines.warn({ address: handshake.address }, seconds > 0 ? 'too many wrong tokens' : 'wrong token');
    const message =
      seconds > 0
        ? `Too many wrong tokens came from this address. Wait ${seconds} s, then open the URL that you were given.`
        : 'The token is wrong. Ask an administrator of the hub for another: packetlog hub people add NAME --role look.';
    throw new RelayRejection({ code: 'unauthorized', message });
  }

  #checkCount(person: string): void {
    const own = [...this.#relays.values()].filter((each) => each.person === person).length;
    if (this.#relays.size < MAX_RELAYS && own < MAX_RELAYS_OF_PERSON) return;
    const message = `${own} connections of ${person}, ${this.#relays.size} in all, go through the hub already. Close one.`;
    throw new RelayRejection({ code: 'too_many_clients', message });
  }

  #rejected(socket: Socket, error: unknown): Error {
    const { access, lines } = this.#parts;
    access.dismissed(socket.request.socket);
    const node = this.#targets.get(socket.request) ?? '';
    if (!(error instanceof RelayRejection)) {
      const problem = error instanceof Error ? error.message : String(error);
      lines.warn({ node, problem }, 'a relay could not be made');
      return away(`The hub could not connect to ${node}: ${problem}.`);
    }
    return error;
  }

  /** A node's rejection of a token is about its own tokens. */
  #ofNode(name: string, error: unknown): unknown {
    if (!(error instanceof RelayRejection) || error.data.code !== 'unauthorized') return error;
    this.#parts.lines.warn({ node: name, problem: error.message }, 'a node rejected a grant');
    return away(`${name} does not accept the grant of the hub. Compare the clocks of hub and node.`);
  }

  #endOf(isMeant: (relay: OpenRelay) => boolean, why: string): void {
    for (const each of [...this.#relays.values()]) if (isMeant(each)) each.relay.end(why);
  }
}

function away(message: string): RelayRejection {
  const rejection: Rejection = { code: 'unavailable', message, retry_after_ms: RETRY_MS };
  return new RelayRejection(rejection);
}
