import {
  type PastDryRunReport,
  type PastDryRunRequest,
  type PastRates,
  type PastRatesRequest,
  type PastRowsRequest,
  type PastTop,
  type PastTopRequest,
  rejectionSchema,
} from '@packetlog/common';
import {
  type Asked,
  type CheckedFleetRequest,
  type FleetAnswer,
  type FleetAuditEntry,
  type FleetNode,
  type FleetPastRows,
  type FleetRequest,
  type FleetResults,
  type FleetVerb,
  fleetErrorSchema,
  type Group,
  type HubHello,
  type JoinTokenState,
  nodePath,
  type Role,
  type Rollout,
} from '@packetlog/common/fleet';
import type { Socket } from 'socket.io-client';
import { connect } from './connect.ts';
import type { FleetFeed } from './fleet-feed.ts';
import { DEFAULT_TIMEOUT_MS, retryAfter } from './open-socket.ts';
import type { PacketLogClient } from './packet-log-client.ts';
import { PacketLogError } from './packet-log-error.ts';
import { Requests } from './requests.ts';
import type { TrustOptions } from './trust-options.ts';

export interface HubConnectOptions extends TrustOptions {
  /** The token of a person: the hub prints it when it adds the person. */
  readonly token: string;
  /** Timeout for connecting and for each request, in ms; 10,000 by default. */
  readonly timeoutMs?: number;
}

/** Nodes answer these, or read their recorded packets, before the hub does. */
const SLOW_TIMEOUT_MS = 60_000;
const SLOW: ReadonlySet<FleetVerb> = new Set([
  'dry_run',
  'rules_apply',
  'repair',
  'past_rates',
  'past_top',
  'past_rows',
]);
const READING: ReadonlySet<FleetVerb> = new Set([
  'nodes',
  'groups',
  'rules',
  'dry_run',
  'past_rates',
  'past_top',
  'past_rows',
  'history',
  'join_tokens',
  'people',
  'audit',
] satisfies FleetVerb[]);

interface OpenHub {
  readonly url: string;
  readonly options: HubConnectOptions;
  readonly socket: Socket;
  readonly hello: HubHello;
  readonly fleet: FleetFeed;
}

/** A connection to a hub. While it is interrupted, requests wait for the reconnection, up to their timeout. */
export class HubClient {
  readonly #url: string;
  readonly #options: HubConnectOptions;
  readonly #socket: Socket;
  readonly #requests: Requests;
  readonly #nodes = new Set<PacketLogClient>();
  /** The hub's first message: its version, and the person of the token with its role. */
  readonly hello: HubHello;
  /** Nodes and groups, as the hub sends them: while this client is open, nodes report once a second. */
  readonly fleet: FleetFeed;

  constructor({ url, options, socket, hello, fleet }: OpenHub) {
    this.#url = url;
    this.#options = options;
    this.#socket = socket;
    this.#requests = new Requests(socket, 'hub');
    this.hello = hello;
    this.fleet = fleet;
    socket.on('connect_error', (error: Error & { data?: unknown }) => {
      // The hub now rejects this client: the person was removed.
      const rejection = rejectionSchema.safeParse(error.data);
      if (!socket.active && rejection.success && retryAfter(socket, error) === undefined)
        this.#requests.end(new PacketLogError(rejection.data.message, rejection.data));
    });
  }

  /** Whether the client is connected to the hub. It says nothing of the nodes: see `heard_at_ms` of each. */
  get connected(): boolean {
    return this.#socket.connected;
  }

  /** Returns all nodes with their newest reports. `heard_at_ms` is by the hub's clock, as is `at_ms`. */
  async nodes(): Promise<{ at_ms: number; nodes: readonly FleetNode[] }> {
    const { at_ms, nodes } = await this.#ask('nodes', {});
    return { at_ms, nodes };
  }

  async groups(): Promise<readonly Group[]> {
    return (await this.#ask('groups', {})).groups;
  }

  /**
   * Connects to one node through the hub, as `connect` does to a loader. Whether it may change rules depends on the person's
   * role: see its `hello.admin`. Closing this client closes it, too.
   */
  async node(name: string): Promise<PacketLogClient> {
    const client = await connect(`${new URL(this.#url).origin}${nodePath(name)}`, this.#options);
    this.#nodes.add(client);
    return client;
  }

  /** Rates of the fleet's history, which the hub keeps in ClickHouse. `nodes`: only of these; all unless given. */
  pastRates(request: PastRatesRequest, nodes?: readonly string[]): Promise<PastRates> {
    return this.#ask('past_rates', { request, ...(nodes && { nodes: [...nodes] }) });
  }

  /** As `pastRates`. An interface is named by its node and its index. */
  pastTop(request: PastTopRequest, nodes?: readonly string[]): Promise<PastTop> {
    return this.#ask('past_top', { request, ...(nodes && { nodes: [...nodes] }) });
  }

  /** As `pastRates`. The answer has the node of each row. */
  pastRows(request: PastRowsRequest, nodes?: readonly string[]): Promise<FleetPastRows> {
    return this.#ask('past_rows', { request, ...(nodes && { nodes: [...nodes] }) });
  }

  async rename(node: string, to: string): Promise<void> {
    await this.#ask('rename', { node, to });
  }

  /** Removes a node from the fleet: its key is no longer accepted. */
  async revoke(node: string): Promise<void> {
    await this.#ask('revoke', { node });
  }

  /** Moves a node to another group, whose rules it then gets. */
  async move(node: string, group: string): Promise<void> {
    await this.#ask('move', { node, group });
  }

  async addGroup(group: string): Promise<void> {
    await this.#ask('group_add', { group });
  }

  /** Removes a group that has no nodes. */
  async removeGroup(group: string): Promise<void> {
    await this.#ask('group_remove', { group });
  }

  /** Returns the rules of the group's newest generation; the number is 0 without one. */
  rules(group: string): Promise<FleetResults['rules']> {
    return this.#ask('rules', { group });
  }

  /**
   * Makes the next generation of a group's rules, and rolls it out: to one node, to 5 %, to all; the first node that rejects
   * it stops the rollout. `at_once` puts it on all nodes in place of that.
   * @throws PacketLogError with the code `conflict` if the newest generation is another one than `expected`
   */
  rulesApply(request: FleetRequest<'rules_apply'>): Promise<FleetResults['rules_apply']> {
    return this.#ask('rules_apply', request);
  }

  /** Stops a rollout, or resumes a stopped one. */
  async rollout(group: string, action: CheckedFleetRequest<'rollout'>['action']): Promise<Rollout> {
    return (await this.#ask('rollout', { group, action })).rollout;
  }

  /** Puts the group's rules in force again on a node where somebody changed them. */
  async repair(node: string): Promise<void> {
    await this.#ask('repair', { node });
  }

  /** Returns what rules would have denied of the packets that the nodes of a group recorded, or all nodes; summed. */
  dryRun(request: PastDryRunRequest, { group }: { group?: string } = {}): Promise<Asked<PastDryRunReport>> {
    return this.#ask('dry_run', { request, ...(group !== undefined && { group }) });
  }

  /** Makes a token with which `uses` nodes may join within `for_s` seconds. */
  joinToken(request: FleetRequest<'join_token'>): Promise<FleetResults['join_token']> {
    return this.#ask('join_token', request);
  }

  async joinTokens(): Promise<readonly JoinTokenState[]> {
    return (await this.#ask('join_tokens', {})).tokens;
  }

  async revokeJoinToken(id: string): Promise<void> {
    await this.#ask('join_token_revoke', { id });
  }

  async people(): Promise<FleetResults['people']['people']> {
    return (await this.#ask('people', {})).people;
  }

  /** Adds a person, and resolves with the token, which the hub does not show again. */
  async addPerson(person: string, role: Role): Promise<string> {
    return (await this.#ask('person_add', { person, role })).token;
  }

  async removePerson(person: string): Promise<void> {
    await this.#ask('person_remove', { person });
  }

  /** Returns the newest entries of the hub's audit trail: who changed what, when, and what was rejected. */
  async audit({ limit = 100 }: { limit?: number } = {}): Promise<readonly FleetAuditEntry[]> {
    return (await this.#ask('audit', { limit })).entries;
  }

  /** Closes the connection, and those to nodes. Rules stay in force. */
  async close(): Promise<void> {
    await Promise.all([...this.#nodes].map((node) => node.close()));
    this.#requests.end(new PacketLogError('This client is closed. Connect again.', { code: 'closed' }));
    this.#socket.disconnect();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #ask<Verb extends FleetVerb>(verb: Verb, request: FleetRequest<Verb>): Promise<FleetResults[Verb]> {
    const event = `fleet:${verb}`;
    const timeoutMs = this.#options.timeoutMs ?? (SLOW.has(verb) ? SLOW_TIMEOUT_MS : DEFAULT_TIMEOUT_MS);
    const next = READING.has(verb) ? 'Ask again.' : 'Check audit() before you retry: the change may have been made.';
    const answer = await this.#requests.send<FleetAnswer<Verb>>(event, request, timeoutMs, next);
    if (answer.ok) return answer.value;
    const rejected = fleetErrorSchema.safeParse(answer.error);
    if (rejected.success) throw new PacketLogError(rejected.data.message, rejected.data);
    throw this.#requests.unreadable(event);
  }
}
