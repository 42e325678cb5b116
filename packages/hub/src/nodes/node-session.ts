/** One connection of a node that has proven its key. */
import type { Duplex } from 'node:stream';
import type { Acknowledgement } from '@packetlog/common';
import {
  type AskedEvent,
  type HubToNodeEvents,
  type NodeReport,
  type NodeRules,
  type NodeToHubEvents,
  nodeRulesSchema,
  type Signed,
} from '@packetlog/common/fleet';
import type { Socket } from 'socket.io';
import type { KnownNode } from '../identity/node-register.ts';
import { newSecret } from '../identity/secrets.ts';
import type { NodeLink } from './node-link.ts';
import type { RelayOrders } from './relay-orders.ts';

export type NodeSocket = Socket<NodeToHubEvents, HubToNodeEvents>;

/** A node may compile large lists before it answers. */
const GENERATION_MS = 120_000;
const CONFIRM_MS = 30_000;
const REPAIR_MS = 120_000;

export class NodeSession implements NodeLink {
  readonly name: string;
  readonly group: string;
  readonly publicKey: string;
  readonly sessionToken = newSecret();
  readonly socket: NodeSocket;
  heardAtMs: number;
  /** Newest rules that the node reported. */
  rules: NodeRules | undefined;
  #report: string | undefined;
  readonly #orders: RelayOrders;
  /** Rejects what waits for an answer. */
  readonly #waiting = new Set<(error: Error) => void>();

  constructor(socket: NodeSocket, node: KnownNode, orders: RelayOrders, nowMs: number) {
    this.socket = socket;
    this.name = node.name;
    this.group = node.group;
    this.publicKey = node.public_key;
    this.#orders = orders;
    this.heardAtMs = nowMs;
  }

  /** The newest report as JSON: a thousand reports as objects would fill the heap, and collecting them takes time. */
  get reportText(): string | undefined {
    return this.#report;
  }

  get report(): NodeReport | undefined {
    return this.#report === undefined ? undefined : (JSON.parse(this.#report) as NodeReport);
  }

  set report(report: NodeReport) {
    this.#report = JSON.stringify(report);
    this.rules = report.rules;
  }

  /** Whether an answer of the node is expected. */
  get isAsked(): boolean {
    return this.#waiting.size > 0;
  }

  sendGeneration(generation: Signed): Promise<NodeRules> {
    return this.#rules(GENERATION_MS, (node, answer) => node.emit('generation', generation, answer));
  }

  confirm(which: { readonly group: string; readonly number: number }): Promise<NodeRules> {
    return this.#rules(CONFIRM_MS, (node, answer) => node.emit('confirm', which, answer));
  }

  repair(): Promise<NodeRules> {
    return this.#rules(REPAIR_MS, (node, answer) => node.emit('repair', answer));
  }

  async ask(event: AskedEvent, request: unknown, withinMs: number): Promise<Acknowledgement<unknown>> {
    const answer = await this.#answer<Acknowledgement<unknown> | undefined>(withinMs, (node, answered) =>
      node.emit('ask', { event, request }, answered),
    );
    if (typeof answer?.ok === 'boolean') return answer;
    throw new Error(`${this.name} gave a malformed answer. See its version: packetlog hub nodes.`);
  }

  relay(): Promise<Duplex> {
    return this.#orders.order(this, (id) => this.socket.emit('relay', { id }));
  }

  /** Rejects everything that waits for an answer of the node. */
  ended(): void {
    for (const reject of this.#waiting) reject(new Error(`${this.name} is gone.`));
    this.#waiting.clear();
  }

  /** Asks the node to come back within a time, and ends the connection. */
  dismiss(message: string, withinMs: number): void {
    this.socket.emit('leave', { message, within_ms: withinMs });
    this.socket.disconnect(true);
  }

  async #rules(
    withinMs: number,
    send: (node: TimedSocket, answer: (error: Error | null, rules: NodeRules) => void) => void,
  ): Promise<NodeRules> {
    const parsed = nodeRulesSchema.safeParse(await this.#answer<unknown>(withinMs, send));
    if (parsed.success) return parsed.data;
    throw new Error(`${this.name} gave a malformed answer. See its version: packetlog hub nodes.`);
  }

  #answer<T>(
    withinMs: number,
    send: (node: TimedSocket, answer: (error: Error | null, value: T) => void) => void,
  ): Promise<T> {
    if (!this.socket.connected) return Promise.reject(new Error(`${this.name} is gone.`));
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      send(this.socket.timeout(withinMs), (error, value) => {
        this.#waiting.delete(reject);
        if (error === null) resolve(value);
        else reject(new Error(`${this.name} did not answer within ${Math.round(withinMs / 1000)} s.`));
      });
    });
  }
}

type TimedSocket = ReturnType<NodeSocket['timeout']>;
