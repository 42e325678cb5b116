import {
  compileFilter,
  type Filter,
  type Hello,
  type History,
  type Interface,
  type PacketLogBatch,
  type Summary,
} from '@packetlog/common';
import { Past, type PastView } from '../past/past.ts';
import { appendMarker, isMarkerAt } from '../rows/marker.ts';
import { RowsView } from '../rows/rows-view.ts';
import {
  type Figures,
  type NodeMessage,
  type NumberedNotice,
  type PageLedger,
  type PageNotice,
  ratesOf,
} from './figures.ts';
import { LastArrival } from './last-arrival.ts';
import { ledgerSum } from './ledger-sum.ts';
import { type CarriedLoss, carryOver, type Loss, lossSoFar, NOTHING_CARRIED } from './loss.ts';
import { PauseBuffer } from './pause-buffer.ts';
import { lostBetween, NEW_STREAM, receiveBatch, type StreamLedger } from './stream-ledger.ts';
import { Subscription } from './subscription.ts';
import { TOP_WINDOW, topLists } from './top.ts';

/** Rows kept for scrolling back; older ones are overwritten. */
export const MAX_ROWS = 50_000;
const MAX_NOTICES = 100;
const MAX_DECISIONS = 200;
const MAX_TOP_ENTRIES = 8;
/** Time to indicate withheld rows after the last one. */
const WITHHOLDING_MS = 2_500;

/** The state of one node. Each message is passed with its arrival time (monotonic clock, ms). */
export class NodeState {
  readonly rows = new RowsView(MAX_ROWS);
  readonly past: PastView;
  readonly ownPast = new Past();
  readonly subscription = new Subscription();
  readonly #interfaceNames = new Map<number, string>();
  #hello: Hello | null = null;
  #ledger: PageLedger | null = null;
  #summaries: Summary[] = [];
  #summaryAt: number | null = null;
  #top = topLists([], MAX_TOP_ENTRIES);
  #notices: NumberedNotice[] = [];
  #noticeCount = 0;
  #findings: readonly NodeMessage[] = [];
  #bans: readonly NodeMessage[] = [];
  #decisions: readonly NodeMessage[] = [];
  #stream: StreamLedger = NEW_STREAM;
  #carried: CarriedLoss = NOTHING_CARRIED;
  #lossCharted = 0;
  #rowLimit: number | null = null;
  #withheldAt = Number.NEGATIVE_INFINITY;
  #badMessages = 0;
  #vlanSeen = false;
  readonly #arrival = new LastArrival();
  #goneAt: number | null = null;
  #wallOffset: number | null = null;
  readonly #pauseBuffer = new PauseBuffer();

  /** `past` replaces the history that its own summaries make. */
  constructor(past: PastView | null = null) {
    this.past = past ?? this.ownPast;
  }

  interfaceName = (ifindex: number): string | undefined => this.#interfaceNames.get(ifindex);

  /** Identifies the run of the loader; changes when it restarts. */
  get sessionId(): string | undefined {
    return this.#hello?.session_id;
  }

  /** Begins a new connection, for which the loader counts from 0. */
  hello(hello: Hello, at: number): void {
    const before = this.#hello;
    const wall = Date.now();
    this.#pauseBuffer.reconnected(this.#withheld());
    if (before !== null && before.session_id !== hello.session_id) {
      appendMarker(this.rows.live, { kind: 'restarted', at_ms: wall, rows: 0, span_ms: 0 });
      this.#carried = NOTHING_CARRIED;
      this.#lossCharted = 0;
      this.ownPast.clear();
    } else if (before !== null) {
      const span_ms = at - (this.#goneAt ?? at);
      appendMarker(this.rows.live, { kind: 'disconnected', at_ms: wall - span_ms, rows: 0, span_ms });
      this.#carried = carryOver(this.#ledger, this.#stream, this.#carried);
    }
    this.#hello = hello;
    this.#ledger = null;
    this.#stream = NEW_STREAM;
    this.#arrival.reconnected();
    this.#goneAt = null;
    this.#nameInterfaces(hello.interfaces);
  }

  /** Takes over the loader's history. `nowMs` approximates the loader's clock. */
  history(history: History, nowMs: number): void {
    this.ownPast.fill(history, nowMs);
  }

  gone(at: number): void {
    this.#goneAt ??= at;
    this.subscription.end();
  }

  subscribed(rowLimit: number): void {
    this.#rowLimit = rowLimit;
  }

  /** Removes the rows that do not pass `filter`, once the loader has acknowledged it. */
  filtered(filter: Filter | null): void {
    const { rows } = this;
    if (filter !== null) {
      const wanted = compileFilter(filter, { indexesOf: (name) => this.indexesOf(name) });
      rows.retain((bytes, at) => isMarkerAt(bytes, at) || wanted(bytes, at));
    }
    if (rows.live.size > 0) appendMarker(rows.live, { kind: 'filtered', at_ms: Date.now(), rows: 0, span_ms: 0 });
  }

  /** Numbers of interfaces that have or had this name, on any node: 'eth0' also finds 'web-1 eth0'. */
  indexesOf(name: string): number[] {
    return [...this.#interfaceNames]
      .filter(([, fullName]) => fullName === name || fullName.endsWith(` ${name}`))
      .map(([ifindex]) => ifindex);
  }

  batch(batch: PacketLogBatch, at: number): void {
    const before = this.#stream;
    const stream = receiveBatch(before, batch);
    this.#stream = stream;
    const wall = this.#arrival.lastPacketMs ?? (batch.length > 0 ? batch.timestampMs(0) : Date.now());
    const gap = batch.length > 0 ? this.#pauseBuffer.takeGap(this.#withheld()) : null;
    if (gap !== null) appendMarker(this.rows.live, { kind: 'paused', at_ms: wall, ...gap });
    const lost = lostBetween(before, stream);
    if (lost > 0 || stream.missingBatches > before.missingBatches) {
      appendMarker(this.rows.live, { kind: 'lost', at_ms: wall, rows: lost, span_ms: 0 });
    }
    if (stream.withheld > before.withheld) this.#withholding(at);
    if (batch.length > 0) this.#arrival.row(batch.timestampMs(batch.length - 1));
    for (let i = 0; !this.#vlanSeen && i < batch.length; i++) this.#vlanSeen = batch.vlanId(i) !== 0;
    this.rows.live.append(batch);
  }

  summary(summary: Summary, at: number): void {
    this.#summaryAt = at;
    const total = this.#loss().total;
    this.ownPast.add(summary, Math.max(0, total - this.#lossCharted));
    this.#lossCharted = total;
    this.#summaries = [...this.#summaries, summary].slice(-TOP_WINDOW);
    this.#top = topLists(this.#summaries, MAX_TOP_ENTRIES);
  }

  ledger(ledger: PageLedger, at: number): void {
    const before = this.#ledger;
    this.#ledger = ledger;
    // Small differences are network latency: following them would make countdowns jump.
    const offset = ledger.at_ms - at;
    if (this.#wallOffset === null || Math.abs(offset - this.#wallOffset) > 250) this.#wallOffset = offset;
    this.#nameInterfaces(ledger.interfaces);
    // Earlier losses are not an event in this page's chart.
    if (before === null) this.#lossCharted = this.#loss().total;
    const seen = ledgerSum(ledger, 'seen');
    this.#arrival.ledger(at, ledger.at_ms, before !== null && seen > ledgerSum(before, 'seen'));
    this.#pauseBuffer.noteSeen(seen);
    if (before !== null && ledger.client.withheld > before.client.withheld) this.#withholding(at);
  }

  findings(message: unknown, node = ''): void {
    this.#findings = withNewest(this.#findings, { node, message });
  }

  bans(message: unknown, node = ''): void {
    this.#bans = withNewest(this.#bans, { node, message });
  }

  decision(message: unknown, node = ''): void {
    this.#decisions = [...this.#decisions, { node, message }].slice(-MAX_DECISIONS);
  }

  notice(notice: PageNotice): void {
    this.#notices = [{ ...notice, number: this.#noticeCount++ }, ...this.#notices].slice(0, MAX_NOTICES);
  }

  badMessage(): void {
    this.#badMessages++;
  }

  pause(paused: boolean, at: number): void {
    if (paused === this.#pauseBuffer.isPaused) return;
    if (paused) this.#pauseBuffer.begin(at, this.#seenNow(), this.#withheld());
    else this.#pauseBuffer.end(at);
    this.rows.setPaused(paused);
  }

  /** Whether the buffer exceeds its limit: request no more rows, and call `markFull`. */
  get isOverfull(): boolean {
    return this.#pauseBuffer.isOverfull(this.rows.newRows);
  }

  /** Whether a full buffer has become empty: call `markDrained`, and request rows again. */
  get isDrained(): boolean {
    return this.bufferFull && this.rows.newRows === 0;
  }

  /** Whether the page requested no rows because the buffer is full. */
  get bufferFull(): boolean {
    return this.#pauseBuffer.isFull;
  }

  markFull(at: number): void {
    this.#pauseBuffer.markFull(at, this.#withheld());
  }

  /** Rows may be buffered again. A marker for withheld rows precedes the next row. */
  markDrained(at: number): void {
    this.#pauseBuffer.markDrained(at);
  }

  figures(at: number): Figures {
    const summary = this.#summaries.at(-1);
    return {
      hello: this.#hello,
      interfaces: this.#ledger?.interfaces ?? this.#hello?.interfaces ?? [],
      ledger: this.#ledger,
      rates: summary === undefined ? null : ratesOf(summary),
      summaryAt: this.#summaryAt,
      loss: this.#loss(),
      lostBatches: this.#carried.batches + this.#stream.missingBatches,
      received: this.#stream.received,
      withheld: this.#withheld(),
      rowLimit: this.#rowLimit,
      subscription: this.subscription.state,
      withholding: at - this.#withheldAt < WITHHOLDING_MS,
      sampledOneOf: this.#summaries.at(-1)?.max_weight ?? 1,
      top: this.#top,
      findings: this.#findings,
      bans: this.#bans,
      decisions: this.#decisions,
      notices: this.#notices,
      badMessages: this.#badMessages,
      vlanSeen: this.#vlanSeen,
      seen: Math.max(0, this.#seenNow()),
      wallMs: this.#wallOffset === null ? Date.now() : at + this.#wallOffset,
      quietMs: this.#arrival.quietMs(at),
      lastPacketMs: this.#arrival.lastPacketMs,
      paused: this.#pauseBuffer.figures(at, this.#seenNow(), this.#withheld(), this.rows.newRows),
    };
  }

  #loss(): Loss {
    return lossSoFar(this.#ledger, this.#stream, this.#carried);
  }

  #withholding(at: number): void {
    if (!this.#pauseBuffer.explains(at)) this.#withheldAt = at;
  }

  #withheld(): number {
    return Math.max(this.#ledger?.client.withheld ?? 0, this.#stream.withheld);
  }

  #seenNow(): number {
    return this.#ledger === null ? -1 : ledgerSum(this.#ledger, 'seen');
  }

  // Names are never removed: visible rows may be from an interface that is gone.
  #nameInterfaces(interfaces: readonly Interface[]): void {
    for (const { ifindex, name } of interfaces) if (ifindex !== 0) this.#interfaceNames.set(ifindex, name);
  }
}

/** Replaces the message of the same node. */
function withNewest(messages: readonly NodeMessage[], newest: NodeMessage): readonly NodeMessage[] {
  return [...messages.filter(({ node }) => node !== newest.node), newest];
}
