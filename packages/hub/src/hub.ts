/** The hub: nodes dial it, people use them through it. It keeps no packets. */
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Fleet, NODE_NAMESPACE } from '@packetlog/common/fleet';
import type { Server as Io } from 'socket.io';
import type { History } from './history/history.ts';
import { shipHandler } from './history/ship-handler.ts';
import { type FleetIdentity, openIdentity } from './identity/fleet-identity.ts';
import type { ConnectionAccess, Lines } from './nodes/connection-access.ts';
import { NodeDirectory } from './nodes/node-directory.ts';
import { NodeEntrance } from './nodes/node-entrance.ts';
import { RelayOrders } from './nodes/relay-orders.ts';
import { Rhythm } from './nodes/rhythm.ts';
import { FleetFeed, type PeopleNamespace } from './people/fleet-feed.ts';
import { FleetNodes } from './people/fleet-nodes.ts';
import { identityHandlers } from './people/identity-handlers.ts';
import { PeopleEntrance } from './people/people-entrance.ts';
import { Relays } from './relay/relays.ts';
import { FleetRequests } from './requests/fleet-requests.ts';
import type { FleetHandlers } from './requests/handlers.ts';
import { FleetRules } from './rules/fleet-rules.ts';
import { backupLines } from './state/backup.ts';
import type { HubState } from './state/hub-state.ts';

/** Nodes come back within this time after the hub ends, for each node that it has; not all at once. */
const RETURN_MS_PER_NODE = 20;
const MIN_RETURN_MS = 1000;
const MAX_RETURN_MS = 30_000;

export interface HubParts {
  readonly http: HttpServer;
  /** WebSocket only; it accepts connections to `/` and NODE_NAMESPACE. */
  readonly io: Io;
  /** For people who use single nodes. `io` serves on `http`, which does not listen. */
  readonly relays: { readonly io: Io; readonly http: HttpServer };
  readonly state: HubState;
  readonly access: ConnectionAccess;
  readonly lines: Lines;
  readonly log: { info(facts: object, message: string): void };
  /** Counts a wrong token from this address; returns the seconds to wait, 0 for none. */
  readonly wrongToken: (address: string) => number;
  /** Undefined: the hub keeps none. */
  readonly history?: History | undefined;
  readonly version: string;
  readonly hostName: string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** How long a node may take to prove its key. */
  readonly proofMs?: number;
}

/** Answers requests while no hub runs: those that need only the state. */
export interface OfflineHub {
  readonly requests: FleetRequests;
  readonly identity: FleetIdentity;
  readonly close: () => void;
}

export async function openOfflineHub(state: HubState, lines: Pick<Lines, 'failed'>): Promise<OfflineHub> {
  const now = Date.now;
  const identity = await openIdentity(state, now);
  const links = new NodeDirectory();
  // Rollouts go on when a hub runs.
  const rules = await openRules({ state, lines, log: { info: () => {} }, now }, identity, links);
  const nodes = new FleetNodes(identity.register, links, wantedBy(rules, identity));
  const handlers = { ...identityHandlers({ identity, nodes, now, glance: () => {} }), ...rules.handlers() };
  return {
    requests: requestsOf(identity, handlers, now, lines),
    identity,
    close: () => {
      rules.end();
      identity.close();
    },
  };
}

function openRules(
  { state, lines, log, now }: Pick<HubParts, 'state' | 'log'> & { lines: Pick<Lines, 'failed'>; now: () => number },
  { register, key }: FleetIdentity,
  links: NodeDirectory,
): Promise<FleetRules> {
  const failed = (error: unknown, message: string) => lines.failed(error, message);
  return FleetRules.open({ state, links, members: register, privateKey: key.privateKey, now, log, failed });
}

/** Returns the number of the generation that a node should have. */
function wantedBy(rules: FleetRules, { register }: FleetIdentity): (node: string) => number | undefined {
  return (node) => {
    const group = register.get(node)?.group;
    return group === undefined ? undefined : rules.wanted(node, group);
  };
}

export class Hub {
  readonly identity: FleetIdentity;
  readonly nodes: NodeDirectory;
  readonly requests: FleetRequests;
  readonly people: PeopleEntrance;
  /** Answers `POST SHIP_PATH`. */
  readonly ship: ReturnType<typeof shipHandler>;
  readonly #parts: HubParts;
  readonly #orders: RelayOrders;
  readonly #rhythm: Rhythm;
  readonly #feed: FleetFeed;
  readonly #entrance: NodeEntrance;
  readonly #fleetNodes: FleetNodes;
  readonly relays: Relays;
  readonly #rules: FleetRules;

  private constructor(parts: HubParts, identity: FleetIdentity, links: NodeDirectory, rules: FleetRules) {
    const { io, access, lines, log, version, hostName, history, now = Date.now, wrongToken } = parts;
    const startedAtMs = now();
    this.#parts = parts;
    this.identity = identity;
    this.nodes = links;
    this.#rules = rules;
    this.#orders = new RelayOrders(access, lines);
    this.#rhythm = new Rhythm((reportMs) => this.#entrance.setRhythm(reportMs));
    const nodes = new FleetNodes(identity.register, links, wantedBy(rules, identity));
    const glance = () => this.#rhythm.glance();
    const handlers = {
      ...identityHandlers({ identity, nodes, now, glance }),
      ...rules.handlers(),
      ...history?.handlers,
    };
    this.requests = requestsOf(identity, handlers, now, lines);
    this.ship = shipHandler(links, history, access);
    const namespace: PeopleNamespace = io.of('/');
    this.#feed = new FleetFeed(namespace, nodes, () => rules.groups(), now);
    this.#fleetNodes = nodes;
    this.#entrance = new NodeEntrance({
      namespace: io.of(NODE_NAMESPACE),
      register: identity.register,
      tokens: identity.tokens,
      hubPublicKey: identity.key.publicKey,
      hubPrivateKey: identity.key.privateKey,
      directory: this.nodes,
      orders: this.#orders,
      access,
      lines,
      now,
      reportMs: () => this.#rhythm.reportMs,
      ...(parts.proofMs !== undefined && { proofMs: parts.proofMs }),
      ship: () => history?.wanted ?? 'nothing',
      joined: (node, tokenId, address) => {
        log.info({ node, address, join_token: tokenId }, 'node joined');
        const entry = { at_ms: now(), person: `join token ${tokenId}`, address, what: 'join', target: node };
        identity.audit
          .add(entry)
          .catch((error: unknown) => lines.failed(error, 'the audit trail could not be written'));
      },
    });
    this.people = new PeopleEntrance({
      namespace,
      people: identity.people,
      requests: this.requests,
      feed: this.#feed,
      rhythm: this.#rhythm,
      access,
      lines,
      wrongToken,
      hello: () => ({ version, hub: hostName, started_at_ms: startedAtMs, has_history: history !== undefined }),
    });
    this.relays = new Relays({
      ...parts.relays,
      nodes: this.nodes,
      people: identity.people,
      hubPrivateKey: identity.key.privateKey,
      ...{ access, lines, wrongToken, now },
    });
    this.#follow();
  }

  static async open(parts: HubParts): Promise<Hub> {
    const now = parts.now ?? Date.now;
    const identity = await openIdentity(parts.state, now);
    const links = new NodeDirectory();
    const rules = await openRules({ ...parts, now }, identity, links);
    const hub = new Hub(parts, identity, links, rules);
    rules.start();
    return hub;
  }

  /** Takes an upgrade that is not socket.io's; returns false if it is none of the hub's. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    return (
      this.relays.upgrade(request, socket, head) ||
      this.#orders.upgrade(request, socket, head, (token) => this.nodes.bySessionToken(token))
    );
  }

  /** Returns all nodes as people see them. */
  fleet(): Fleet {
    return this.#fleetNodes.all((this.#parts.now ?? Date.now)());
  }

  /** Rejected connections of nodes since the start, by code. */
  get rejectedNodes(): ReadonlyMap<string, number> {
    return this.#entrance.rejected;
  }

  /** Returns the lines of a backup of the state. */
  backup(): AsyncIterable<string> {
    return backupLines(this.#parts.state, (this.#parts.now ?? Date.now)());
  }

  /** Asks the nodes to come back to the next hub, not all at once, and ends all connections. */
  async close(): Promise<void> {
    await this.#rules.close();
    const withinMs = Math.min(MAX_RETURN_MS, Math.max(MIN_RETURN_MS, this.nodes.size * RETURN_MS_PER_NODE));
    for (const session of [...this.nodes.all()]) session.dismiss('The hub ends.', withinMs);
    this.#rhythm.close();
    this.#feed.close();
    await this.relays.close();
    this.#orders.close();
    await this.#parts.io.close();
    this.identity.close();
  }

  /** Tells people about nodes, and nodes about changes of the register. */
  #follow(): void {
    const { register } = this.identity;
    this.#rules.onGroups(() => this.#feed.groupsChanged());
    this.nodes.onJoined(({ name }) => this.#feed.changed(name));
    this.nodes.onReport(({ name }) => this.#feed.changed(name));
    this.nodes.onRules(({ name }) => this.#feed.changed(name));
    register.onChange((name, node) => {
      if (node === undefined) {
        this.nodes.forget(name);
        this.#rules.forget(name);
      }
      this.#feed.changed(name);
      const session = this.nodes.get(name);
      const isSame = node?.public_key === session?.publicKey && node?.group === session?.group;
      // It learns its new name or group, or that it was revoked, when it comes back.
      if (session !== undefined && !isSame) session.dismiss('The hub has another name or group for this node.', 0);
    });
  }
}

function requestsOf(
  { audit, register }: FleetIdentity,
  handlers: FleetHandlers,
  now: () => number,
  lines: Pick<Lines, 'failed'>,
): FleetRequests {
  return new FleetRequests({
    handlers,
    audit,
    groupOf: (node) => register.get(node)?.group,
    now,
    failed: (error, message) => lines.failed(error, message),
  });
}
