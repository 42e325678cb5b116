import {
  BATCH_HEADER_SIZE,
  type HistoryTop,
  PACKET_LOG_SIZE,
  PacketLogBatch,
  type RulesAnswer,
  type RulesVerb,
  type Summary,
  writeBatchHeader,
} from '@packetlog/common';
import { readFilterText } from '../../text/filter-text.ts';
import type { Loader } from '../connection/loader.ts';
import { Lookups } from '../connection/lookups.ts';
import { nodeNames } from '../connection/node-name.ts';
import type { View } from '../connection/node-view.ts';
import type { AskDefence } from '../messages/defence-events.ts';
import type { AskPast } from '../messages/past-events.ts';
import { NodeState } from '../state/node-state.ts';
import { Store } from '../state/store.ts';
import { subscribedTo, sumOfSubscriptions } from '../state/subscription.ts';
import { bestConnection } from './all-nodes-connection.ts';
import { AllNodesPast } from './all-nodes-past.ts';
import { askAllNodes } from './all-nodes-recorded.ts';
import { mergeTops, type NodePart, namedInterface, sumLedgers, sumSummaries } from './all-nodes-sums.ts';
import { InterfaceNumbers } from './interface-numbers.ts';
import { Interleaver } from './interleaver.ts';
import { isLive, Reachability } from './reachability.ts';
import { accessOf, isSettled, RecorderReach } from './recorder-reach.ts';

const ROWS_EVERY_MS = 50;
const FIGURES_EVERY_MS = 1000;
const POLL_EVERY_MS = 250;
/** Nodes that have not answered by then count as without a recorder. */
const SETTLED_WITHIN_MS = 3000;

interface Node {
  readonly loader: Loader;
  summary: Summary | null;
}

const OF_ONE_NODE = {
  code: 'unavailable',
  message: 'Processes are looked up per node: select a node above to see what listens.',
} as const;

const RULES_OF_ONE_NODE = {
  ok: false,
  error: {
    code: 'unavailable',
    message: 'Each node has its own rules: select one above, then change them there.',
  },
} as const;

/**
 * Presents several nodes as one: adds up their messages and passes the sums to a store as if one loader had sent them.
 */
export class AllNodes implements View {
  readonly store: Store;
  /** Addresses mean the same on all nodes, processes do not. */
  readonly lookups = new Lookups(async (event, request) => {
    const [first] = this.#nodes;
    if (event === 'names:listeners' || first === undefined) return { ok: false, error: OF_ONE_NODE };
    return first.loader.lookUp(event, request);
  });
  readonly #nodes: readonly Node[];
  readonly #rows: Interleaver;
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  readonly #interfaces: InterfaceNumbers;
  readonly #reachability: Reachability;
  readonly #recorders: RecorderReach;
  readonly #openedAt = performance.now();
  #sequence = 0;
  #received = 0;
  /** Rows lost since this view was opened. */
  #lost = 0;
  #lostBefore: number | null = null;
  #helloSent = false;
  #figuresAt = Number.NEGATIVE_INFINITY;

  constructor(loaders: readonly Loader[]) {
    this.#nodes = loaders.map((loader) => ({ loader, summary: null }));
    this.#rows = new Interleaver(loaders.length);
    this.#interfaces = new InterfaceNumbers(loaders.length);
    this.#reachability = new Reachability(loaders);
    this.#recorders = new RecorderReach(loaders);
    this.store = new Store(new NodeState(new AllNodesPast(loaders.map(({ store }) => store.state.ownPast))));
    this.#nodes.forEach((node, i) => {
      node.loader.tap = {
        batch: (batch) => {
          this.#rows.put(i, batch, this.#interfaces.of(i), performance.now());
          // Timers of background pages are throttled.
          if (this.#rows.isFull) this.#takeRows();
        },
        summary: (summary) => {
          node.summary = summary;
        },
        findings: (message) => {
          this.store.state.findings(message, this.#names()[i]);
          this.store.figuresChanged();
        },
        bans: (message) => {
          this.store.state.bans(message, this.#names()[i]);
          this.store.figuresChanged();
        },
        decision: (message) => {
          this.store.state.decision(message, this.#names()[i]);
          this.store.figuresChanged();
        },
        notice: (notice) => {
          this.store.state.notice({ ...notice, message: `${this.#names()[i]}: ${notice.message}` });
          this.store.figuresChanged(true);
        },
      };
    });
    this.#poll();
    this.#timers.push(setInterval(() => this.#poll(), POLL_EVERY_MS));
    // Not immediately: the nodes subscribe to the rows of this view only after it was created.
    this.#timers.push(setInterval(() => this.#sumSubscriptions(), POLL_EVERY_MS));
    this.#timers.push(setInterval(() => this.#takeRows(), ROWS_EVERY_MS));
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const { loader } of this.#nodes) loader.tap = null;
  }

  setFilter(text: string): void {
    this.store.state.filtered(readFilterText(text.trim()).filter);
    this.store.rowsChanged();
  }

  retry(): void {
    for (const { loader } of this.#nodes) if (!isLive(loader)) loader.retry();
  }

  setPaused(paused: boolean): void {
    this.store.state.pause(paused, performance.now());
    for (const { loader } of this.#nodes) loader.setPaused(paused);
    this.store.rowsChanged();
    this.store.figuresChanged(true);
  }

  step(rows: number): void {
    const { state } = this.store;
    state.rows.step(rows);
    // Rows buffered by the nodes have already arrived here. When none is left, the nodes may send again.
    if (state.rows.newRows === 0) {
      state.markDrained(performance.now());
      for (const { loader } of this.#nodes) loader.step(Number.POSITIVE_INFINITY);
    }
    this.store.rowsChanged();
    this.store.figuresChanged(true);
  }

  async ask<Verb extends RulesVerb>(): Promise<RulesAnswer<Verb>> {
    return RULES_OF_ONE_NODE;
  }

  readonly askDefence: AskDefence = async () => RULES_OF_ONE_NODE;

  readonly askPast: AskPast = askAllNodes(() =>
    this.#nodes.map(({ loader }, i) => ({
      name: this.#names()[i] ?? '',
      askPast: loader.askPast,
      indexOf: this.#interfaces.of(i),
      access: accessOf(loader),
    })),
  );

  async top(fromMs: number, toMs: number): Promise<HistoryTop | null> {
    const tops = await Promise.all(this.#nodes.map(({ loader }) => loader.top(fromMs, toMs)));
    return mergeTops(tops.filter((top) => top !== null));
  }

  #poll(): void {
    const now = performance.now();
    const connections = this.#nodes.map(({ loader }) => loader.store.connection);
    this.store.become(bestConnection(connections), this.#nodes[0]?.loader.address);
    this.store.connect({ type: 'tick', at: now });
    this.#reportReachability();
    const { state } = this.store;
    if (!state.bufferFull && this.#nodes.some(({ loader }) => loader.store.state.bufferFull)) state.markFull(now);
    if (now - this.#figuresAt < FIGURES_EVERY_MS) return;
    this.#figuresAt = now;
    this.#figures(now);
  }

  /** Sums up the acknowledged subscriptions of connected nodes. */
  #sumSubscriptions(): void {
    const live = this.#nodes.filter(({ loader }) => isLive(loader));
    const states = live.map(({ loader }) => subscribedTo(loader.store.getSnapshot().figures));
    this.store.state.subscription.become(sumOfSubscriptions(states));
    this.store.figuresChanged();
  }

  #reportReachability(): void {
    const notices = this.#reachability.changes(this.#names());
    for (const notice of notices) this.store.state.notice(notice);
    if (notices.length > 0) this.store.figuresChanged(true);
  }

  #figures(now: number): void {
    const { state } = this.store;
    const names = this.#names();
    const parts: NodePart[] = [];
    let rowLimit = 0;
    for (const [i, { loader }] of this.#nodes.entries()) {
      const { ledger, loss, rowLimit: limit } = loader.store.getSnapshot().figures;
      if (ledger !== null) parts.push({ name: names[i] ?? '', ledger, loss, indexOf: this.#interfaces.of(i) });
      rowLimit += limit ?? 0;
    }
    if (!this.#sendHello(names, now) || parts.length === 0) return;
    const recorders = this.#recorders.sum();
    // Without a recorder, the page would show live rows in place of a range that a link names.
    const isSure = now - this.#openedAt > SETTLED_WITHIN_MS || this.#nodes.every(({ loader }) => isSettled(loader));
    if (recorders.recording === 0 && !isSure) return;
    const at_ms = Math.max(...parts.map(({ ledger }) => ledger.at_ms));
    const ledger = { ...sumLedgers(parts, at_ms), recorders };
    this.#lostBefore ??= ledger.client.dropped;
    this.#lost = Math.max(this.#lost, ledger.client.dropped - this.#lostBefore);
    state.subscribed(rowLimit);
    state.ledger(ledger, now);
    const summaries = this.#nodes.flatMap(({ loader, summary }, i) =>
      summary !== null && isLive(loader) ? [{ name: names[i] ?? '', summary }] : [],
    );
    if (summaries.length > 0) state.summary(sumSummaries(summaries, at_ms), now);
    this.store.figuresChanged();
  }

  /** Sends a hello to the store, once, as soon as one node has sent one. */
  #sendHello(names: readonly string[], now: number): boolean {
    if (this.#helloSent) return true;
    const nodes = this.#nodes.flatMap(({ loader }, i) => {
      const { hello } = loader.store.getSnapshot().figures;
      return hello === null ? [] : [{ hello, i }];
    });
    const [first] = nodes;
    if (first === undefined) return false;
    this.store.state.hello(
      {
        ...first.hello,
        session_id: 'all-nodes',
        node: 'all nodes',
        admin: false,
        interfaces: nodes.flatMap(({ hello, i }) =>
          hello.interfaces.map((entry) => namedInterface(entry, names[i] ?? '', this.#interfaces.of(i))),
        ),
      },
      now,
    );
    this.#helloSent = true;
    return true;
  }

  #takeRows(): void {
    const bytes = this.#rows.take(performance.now(), BATCH_HEADER_SIZE);
    if (bytes === null || !this.#helloSent) return;
    const count = (bytes.length - BATCH_HEADER_SIZE) / PACKET_LOG_SIZE;
    this.#received += count;
    writeBatchHeader(bytes, {
      sequence: this.#sequence++,
      offered: this.#received + this.#lost,
      dropped: this.#lost,
      withheld: 0,
      filtered: 0,
      clock_offset_ns: 0n,
      count,
    });
    this.store.state.batch(PacketLogBatch.from(bytes), performance.now());
    this.store.rowsChanged();
  }

  #names(): string[] {
    return nodeNames(
      this.#nodes.map(({ loader }) => ({
        name: loader.name,
        node: loader.store.getSnapshot().figures.hello?.node,
        address: loader.address,
      })),
    );
  }
}
