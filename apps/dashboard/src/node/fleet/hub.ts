import { PROTOCOL_VERSION } from '@packetlog/common';
import type {
  Fleet,
  FleetAnswer,
  FleetNode,
  FleetRequest,
  FleetResults,
  FleetVerb,
  Group,
  HubHello,
} from '@packetlog/common/fleet';
import { io, type Socket } from 'socket.io-client';
import { isRejection } from '../messages/messages.ts';
import type { Store } from '../state/store.ts';
import { isFleet, isFleetError, isFleetNode, isGroups, isHubHello } from './fleet-messages.ts';

/** What components draw. A new object for each change; at most one per frame. */
export interface FleetView {
  readonly hello: HubHello;
  /** In the order of their names. */
  readonly nodes: readonly FleetNode[];
  readonly groups: readonly Group[];
  /** The hub's clock, ms since the epoch: it continues while no message arrives. */
  readonly nowMs: number;
}

/** Ages are shown in seconds. */
const TICK_MS = 1_000;
/** Nodes that are checked before the page may draw a frame. */
const NODES_AT_ONCE = 200;
/** Delay before reconnecting after the hub closed the connection; socket.io would not reconnect. */
const RETRY_AFTER_SERVER_CLOSED_MS = 2_000;
const ANSWER_WITHIN_MS = 15_000;
const SLOW_WITHIN_MS = 120_000;
/** Nodes read their recorded packets for it. */
const SLOW: ReadonlySet<FleetVerb> = new Set(['dry_run', 'rules_apply', 'repair']);

/** The page's connection to a hub. The state of the connection is that of `store`. */
export class Hub {
  readonly #store: Store;
  readonly #socket: Socket;
  readonly #nodes = new Map<string, FleetNode>();
  /** In order; null after a node came or went. */
  #names: readonly string[] | null = null;
  #sorted: readonly FleetNode[] | null = null;
  #groups: readonly Group[] = [];
  #hello: HubHello | null = null;
  /** The hub's clock minus that of the page, ms. */
  #offset = 0;
  #heardAt = 0;
  /** Resolves when all messages so far were checked: they are used in their order. */
  #checked = Promise.resolve();
  #isClosed = false;
  #shownAt = 0;
  #view: FleetView | null = null;
  #frame: number | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly #ticking: ReturnType<typeof setInterval>;
  readonly #listeners = new Set<() => void>();
  readonly address: string;

  constructor(store: Store, { loader, token }: { loader: string; token: string }, socketTo: typeof io = io) {
    this.#store = store;
    this.address = loader;
    this.#socket = socketTo(loader, {
      transports: ['websocket'],
      auth: { token, protocol: PROTOCOL_VERSION },
      autoConnect: false,
      forceNew: true,
      reconnectionDelay: 500,
      reconnectionDelayMax: 3_000,
    });
    this.#listen();
    this.#ticking = setInterval(() => this.#tick(), TICK_MS / 2);
    this.#socket.connect();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** null until the hub has sent all nodes. */
  readonly get = (): FleetView | null => this.#view;

  /** Reconnects immediately. */
  retry(): void {
    clearTimeout(this.#retry);
    this.#store.connect({ type: 'opened', at: performance.now() });
    this.#socket.disconnect();
    this.#socket.connect();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    clearInterval(this.#ticking);
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#socket.removeAllListeners();
    this.#socket.disconnect();
  }

  /** Always resolves; failures are answers as well. */
  async ask<Verb extends FleetVerb>(verb: Verb, request: FleetRequest<Verb>): Promise<FleetAnswer<Verb>> {
    if (!this.#socket.connected) return unavailable('There is no connection to the hub: try again when it is back.');
    try {
      const withinMs = SLOW.has(verb) ? SLOW_WITHIN_MS : ANSWER_WITHIN_MS;
      const answer: unknown = await this.#socket.timeout(withinMs).emitWithAck(`fleet:${verb}`, request);
      const { ok, value, error } = answer as { ok?: unknown; value?: unknown; error?: unknown };
      this.#fresh();
      if (ok === true) return { ok, value: value as FleetResults[Verb] };
      return isFleetError(error) ? { ok: false, error } : unavailable('The hub rejected this without a reason.');
    } catch {
      return unavailable('The hub has not answered. Check the log of the fleet before you try again: it may be done.');
    }
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on('connect_error', (error) => {
      const rejection = (error as Error & { data?: unknown }).data;
      if (isRejection(rejection)) this.#store.connect({ type: 'rejected', rejection });
      else if (socket.active) this.#store.connect({ type: 'gone', at: performance.now() });
      else this.#store.connect({ type: 'rejected', rejection: { code: 'internal', message: error.message } });
    });
    socket.on('disconnect', (reason) => {
      if (reason === 'io client disconnect') return;
      this.#store.connect({ type: 'gone', at: performance.now() });
      if (reason === 'io server disconnect') {
        this.#retry = setTimeout(() => socket.connect(), RETRY_AFTER_SERVER_CLOSED_MS);
      }
    });
    socket.on('hub', (message: unknown) => {
      if (!isHubHello(message)) return this.#store.badMessage();
      this.#hello = message;
      this.#changed();
      void this.askGroups();
    });
    socket.on('fleet', (message: unknown) => {
      const at = performance.now();
      this.#checked = this.#checked.then(() => this.#check(message, at));
    });
    socket.on('groups', (message: unknown) => {
      if (!isGroups(message)) return this.#store.badMessage();
      this.#groups = message.groups;
      this.#changed();
    });
  }

  /** Asks for the groups: rollouts go on between the hub’s messages about them. */
  async askGroups(): Promise<void> {
    const answer = await this.ask('groups', {});
    if (!answer.ok || !isGroups(answer.value)) return;
    this.#groups = answer.value.groups;
    this.#changed();
  }

  /** Checks a message in parts, so that frames are drawn in between, and uses it. `at`: when it arrived. */
  async #check(message: unknown, at: number): Promise<void> {
    if (!isFleet(message)) return this.#store.badMessage();
    for (let i = 0; i < message.nodes.length; i += NODES_AT_ONCE) {
      if (i > 0) await new Promise((resolve) => setTimeout(resolve));
      if (!message.nodes.slice(i, i + NODES_AT_ONCE).every(isFleetNode)) return this.#store.badMessage();
    }
    if (!this.#isClosed) this.#apply(message as Fleet, at);
  }

  #apply({ at_ms, is_full, nodes, removed }: Fleet, at: number): void {
    if (is_full) this.#nodes.clear();
    if (is_full || removed.length > 0 || nodes.some(({ name }) => !this.#nodes.has(name))) this.#names = null;
    for (const name of removed) this.#nodes.delete(name);
    for (const node of nodes) this.#nodes.set(node.name, node);
    this.#sorted = null;
    this.#offset = at_ms - at;
    this.#changed();
  }

  #inOrder(): readonly FleetNode[] {
    this.#names ??= [...this.#nodes.keys()].sort();
    this.#sorted ??= this.#names.flatMap((name) => this.#nodes.get(name) ?? []);
    return this.#sorted;
  }

  #changed(): void {
    this.#fresh();
    this.#frame ??= requestAnimationFrame(() => this.#show());
  }

  #fresh(): void {
    this.#heardAt = performance.now();
    this.#store.connect({ type: 'data', at: this.#heardAt });
  }

  /** Makes ages older, and asks a hub that is quiet, because no node changed, whether it is there. */
  #tick(): void {
    if (this.#socket.connected && performance.now() - this.#heardAt > TICK_MS) void this.askGroups();
    // Where messages arrive each second, they make ages older.
    if (performance.now() - this.#shownAt < TICK_MS * 0.9) return;
    this.#frame ??= requestAnimationFrame(() => this.#show());
  }

  #show(): void {
    this.#frame = null;
    if (this.#hello === null || (this.#offset === 0 && this.#nodes.size === 0)) return;
    this.#shownAt = performance.now();
    this.#view = {
      hello: this.#hello,
      nodes: this.#inOrder(),
      groups: this.#groups,
      nowMs: performance.now() + this.#offset,
    };
    for (const listener of this.#listeners) listener();
  }
}

function unavailable(message: string): { ok: false; error: { code: 'unavailable'; message: string } } {
  return { ok: false, error: { code: 'unavailable', message } };
}
