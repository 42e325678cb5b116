import {
  type Acknowledgement,
  HISTORY_LEVELS,
  type Notice,
  PacketLogBatch,
  PROTOCOL_VERSION,
  type Subscribe,
  type Summary,
} from '@packetlog/common';
import { io, type Socket } from 'socket.io-client';
import { NO_FILTER, readFilterText } from '../../text/filter-text.ts';
import {
  isHello,
  isHistory,
  isLedger,
  isNotice,
  isRejection,
  isRuleCounters,
  isRulesSnapshot,
  isSummary,
} from '../messages/messages.ts';
import type { Check } from '../messages/shape.ts';
import type { Store } from '../state/store.ts';
import { LoaderRequests, type LoaderSocket } from './loader-requests.ts';
import { RepeatedRequests } from './repeated-requests.ts';

/** Delay before reconnecting after the server closed the connection; socket.io would not reconnect. */
const RETRY_AFTER_SERVER_CLOSED_MS = 2_000;

/** Batches more frequent than frames only cost time. */
const FRAMES_PER_SECOND = 60;

/** Receives messages after the node's store. */
export interface Tap {
  batch(batch: PacketLogBatch): void;
  summary(summary: Summary): void;
  notice(notice: Notice): void;
}

/** The page's connection to a loader and its subscriptions. Messages are validated before they are used. */
export class LoaderConnection {
  readonly #store: Store;
  readonly #socket: LoaderSocket;
  readonly #requests = new RepeatedRequests(
    // The types of socket.io cannot follow a variable event.
    (event, request, answered) => this.#socket.emit(event as 'subscribe', request, answered as never),
    ({ message: why, retry_after_ms }) => {
      const message = retry_after_ms === undefined ? why : `${why} This page asks again.`;
      this.#store.state.notice({ at_ms: Date.now(), level: 'warning', code: 'request_rejected', message });
      this.#store.figuresChanged(true);
    },
  );
  /** The requested filter, and that of the shown rows. */
  #filter: string;
  #acknowledged: string;
  #rowsPerSecond: number;
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly requests: LoaderRequests;
  tap: Tap | null = null;

  constructor(
    store: Store,
    target: { loader: string; token: string; adminToken: string | null },
    { filter, rowsPerSecond }: { filter: string; rowsPerSecond: number },
    socketTo: typeof io = io,
  ) {
    this.#store = store;
    this.#filter = filter;
    this.#acknowledged = filter;
    this.#rowsPerSecond = rowsPerSecond;
    this.#socket = socketTo(target.loader, {
      transports: ['websocket'],
      auth: {
        token: target.token,
        ...(target.adminToken !== null && { admin_token: target.adminToken }),
        protocol: PROTOCOL_VERSION,
      },
      autoConnect: false,
      // A new token must not reuse the transport of the old one.
      forceNew: true,
      reconnectionDelay: 500,
      reconnectionDelayMax: 3_000,
    });
    this.requests = new LoaderRequests(this.#socket);
    this.#listen();
    store.connect({ type: 'opened', at: performance.now() }, target.loader);
    this.#socket.connect();
  }

  /** Reconnects immediately. */
  retry(): void {
    clearTimeout(this.#retry);
    this.#store.connect({ type: 'opened', at: performance.now() });
    // Cancels a scheduled attempt.
    this.#socket.disconnect();
    this.#socket.connect();
  }

  /** While paused, rows are buffered up to a limit; then the loader is asked to send none. */
  pause(paused: boolean): void {
    const { state } = this.#store;
    const bufferFull = state.bufferFull;
    state.pause(paused, performance.now());
    this.#store.rowsChanged();
    this.#store.figuresChanged(true);
    if (bufferFull && !paused) this.#askForRows(true);
  }

  /** While paused: shows the next rows. When the buffer is empty, asks the loader for rows again. */
  step(rows: number): void {
    const { state } = this.#store;
    state.rows.step(rows);
    if (state.isDrained) {
      state.markDrained(performance.now());
      this.#askForRows(true);
    }
    this.#store.rowsChanged();
    this.#store.figuresChanged(true);
  }

  /** A paused loader sends no rows and counts them as withheld. */
  #askForRows(wanted: boolean): void {
    if (!this.#socket.connected) return;
    const acknowledged = this.#begin();
    this.#requests.ask('pause', { paused: !wanted }, () => acknowledged());
  }

  /**
   * Subscribes to the rows of a filter, which must parse. They replace the others once the loader has acknowledged it.
   */
  setFilter(text: string): void {
    this.#filter = text.trim();
    if (this.#socket.connected) this.#subscribe();
    else this.#filtered(this.#filter);
  }

  setRowsPerSecond(rows: number): void {
    if (rows === this.#rowsPerSecond) return;
    this.#rowsPerSecond = rows;
    if (this.#socket.connected) this.#subscribe();
  }

  close(): void {
    clearTimeout(this.#retry);
    this.#requests.clear();
    this.#socket.removeAllListeners();
    this.#socket.disconnect();
  }

  #listen(): void {
    const { state } = this.#store;
    const socket = this.#socket;
    const hear = <T>(event: string, check: Check<T>, act: (message: T) => void) =>
      (socket as Socket).on(event, (message: unknown) => (check(message) ? act(message) : this.#bad()));

    socket.on('connect', () => {
      if (state.bufferFull) this.#askForRows(false);
      this.#subscribe();
      for (const { step_ms } of HISTORY_LEVELS) {
        const answered = (answer: Acknowledgement<unknown>) => {
          if (answer?.ok === false) return;
          if (!isHistory(answer?.value)) return this.#bad();
          state.history(answer.value, Date.now());
          this.#store.figuresChanged(true);
        };
        this.#requests.ask('history', { step_ms }, answered, `history ${step_ms}`);
      }
    });
    socket.on('connect_error', (error) => {
      const rejection = (error as Error & { data?: unknown }).data;
      if (isRejection(rejection)) this.#store.connect({ type: 'rejected', rejection });
      else if (socket.active) this.#gone();
      // A middleware that rejected without a reason.
      else this.#store.connect({ type: 'rejected', rejection: { code: 'internal', message: error.message } });
    });
    socket.on('disconnect', (reason) => {
      this.#requests.clear();
      if (reason === 'io client disconnect') return;
      this.#gone();
      if (reason === 'io server disconnect') {
        this.#retry = setTimeout(() => socket.connect(), RETRY_AFTER_SERVER_CLOSED_MS);
      }
    });

    hear('hello', isHello, (hello) => {
      const before = state.sessionId;
      state.hello(hello, performance.now());
      if (before !== state.sessionId) this.#store.rules.forget();
      this.#store.rowsChanged();
      this.#fresh();
    });
    hear('summary', isSummary, (summary) => {
      state.summary(summary, performance.now());
      this.#store.rules.endInterval(summary.interval_ms / 1000);
      this.tap?.summary(summary);
      this.#fresh();
    });
    hear('ledger', isLedger, (ledger) => {
      state.ledger(ledger, performance.now());
      this.#fresh();
    });
    hear('notice', isNotice, (notice) => {
      state.notice(notice);
      this.tap?.notice(notice);
      this.#store.figuresChanged(true);
    });
    hear('rules', isRulesSnapshot, (rules) => {
      this.#store.rules.replace(rules);
      this.#store.figuresChanged(true);
    });
    hear('rule_counters', isRuleCounters, (counters) => {
      this.#store.rules.count(counters);
      this.#store.figuresChanged();
    });
    socket.on('packets', (bytes: Uint8Array | ArrayBuffer) => {
      try {
        const batch = PacketLogBatch.from(bytes);
        state.batch(batch, performance.now());
        this.tap?.batch(batch);
        if (state.isOverfull) {
          state.markFull(performance.now());
          this.#askForRows(false);
        }
      } catch {
        return this.#bad();
      }
      this.#store.rowsChanged();
    });
  }

  #subscribe(): void {
    const filter = this.#filter;
    const acknowledged = this.#begin();
    this.#requests.ask(
      'subscribe',
      {
        max_rows_per_second: this.#rowsPerSecond,
        max_batches_per_second: FRAMES_PER_SECOND,
        ...(filter !== NO_FILTER && { filter }),
      },
      (answer) => {
        const { max_rows_per_second: limit } = (answer?.ok === true ? answer.value : {}) as Partial<Subscribe>;
        if (typeof limit !== 'number') {
          acknowledged();
          if (answer?.ok !== false) this.#bad();
          return;
        }
        this.#store.state.subscribed(limit);
        acknowledged(filter);
        this.#filtered(filter);
      },
    );
  }

  /** Rows from now on pass `filter`. */
  #filtered(filter: string): void {
    if (filter === this.#acknowledged) return;
    this.#acknowledged = filter;
    this.#store.state.filtered(readFilterText(filter).filter);
    this.#store.rowsChanged();
  }

  /** Marks a change of the subscription as pending until the returned function is called. */
  #begin(): (filter?: string) => void {
    const done = this.#store.state.subscription.begin();
    this.#store.figuresChanged(true);
    return (filter) => {
      done(filter);
      this.#store.figuresChanged(true);
    };
  }

  #fresh(): void {
    this.#store.connect({ type: 'data', at: performance.now() });
  }

  #gone(): void {
    const at = performance.now();
    this.#store.state.gone(at);
    this.#store.connect({ type: 'gone', at });
  }

  #bad(): void {
    this.#store.state.badMessage();
    this.#store.figuresChanged();
  }
}
