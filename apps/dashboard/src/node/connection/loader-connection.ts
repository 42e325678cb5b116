import {
  type Acknowledgement,
  HISTORY_LEVELS,
  type Notice,
  PacketLogBatch,
  PROTOCOL_VERSION,
  type Summary,
} from '@packetlog/common';
import { io, type Socket } from 'socket.io-client';
import { isHello, isHistory, isLedger, isNotice, isRejection, isSummary } from '../messages/messages.ts';
import { isRuleCounters, isRulesSnapshot } from '../messages/rules-messages.ts';
import type { Check } from '../messages/shape.ts';
import type { Store } from '../state/store.ts';
import { socketAddress } from './loader-address.ts';
import { LoaderRequests, type LoaderSocket } from './loader-requests.ts';
import { RepeatedRequests } from './repeated-requests.ts';
import { type RowOptions, RowSubscription } from './row-subscription.ts';

/** Delay before reconnecting after the server closed the connection; socket.io would not reconnect. */
const RETRY_AFTER_SERVER_CLOSED_MS = 2_000;

/** Receives messages after the node's store. */
export interface Tap {
  batch(batch: PacketLogBatch): void;
  summary(summary: Summary): void;
  notice(notice: Notice): void;
  findings(message: unknown): void;
  bans(message: unknown): void;
  decision(message: unknown): void;
}

/** The page's connection to a loader. Messages are validated before they are used. */
export class LoaderConnection {
  readonly #store: Store;
  readonly #socket: LoaderSocket;
  readonly #repeated: RepeatedRequests;
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly requests: LoaderRequests;
  readonly rows: RowSubscription;
  tap: Tap | null = null;
  /** Called when the server is a hub. */
  onHub: (() => void) | null = null;

  constructor(
    store: Store,
    target: { loader: string; token: string; adminToken: string | null },
    rows: RowOptions,
    socketTo: typeof io = io,
  ) {
    this.#store = store;
    const { origin, path } = socketAddress(target.loader);
    this.#socket = socketTo(origin, {
      path,
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
    this.#repeated = new RepeatedRequests(
      // The types of socket.io cannot follow a variable event.
      (event, request, answered) => this.#socket.emit(event as 'subscribe', request, answered as never),
      ({ message: why, retry_after_ms }) => {
        const message = retry_after_ms === undefined ? why : `${why} This page retries.`;
        store.state.notice({ at_ms: Date.now(), level: 'warning', code: 'request_rejected', message });
        store.figuresChanged(true);
      },
    );
    this.rows = new RowSubscription(store, this.#repeated, this.#socket, rows);
    this.#listenToConnection();
    this.#listenToMessages();
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

  close(): void {
    clearTimeout(this.#retry);
    this.#repeated.clear();
    this.#socket.removeAllListeners();
    this.#socket.disconnect();
  }

  #listenToConnection(): void {
    const socket = this.#socket;
    socket.on('connect', () => {
      this.rows.renew();
      for (const { step_ms } of HISTORY_LEVELS) this.#requestHistory(step_ms);
    });
    socket.on('connect_error', (error) => {
      const rejection = (error as Error & { data?: unknown }).data;
      if (isRejection(rejection)) {
        this.#store.connect({ type: 'rejected', rejection });
        // It does not last: a node that is away from its hub.
        if (rejection.retry_after_ms) this.#retry = setTimeout(() => socket.connect(), rejection.retry_after_ms);
      } else if (socket.active) this.#gone();
      // A middleware rejected the connection without a reason.
      else this.#store.connect({ type: 'rejected', rejection: { code: 'internal', message: error.message } });
    });
    socket.on('disconnect', (reason) => {
      this.#repeated.clear();
      if (reason === 'io client disconnect') return;
      this.#gone();
      if (reason === 'io server disconnect') {
        this.#retry = setTimeout(() => socket.connect(), RETRY_AFTER_SERVER_CLOSED_MS);
      }
    });
  }

  #listenToMessages(): void {
    const socket = this.#socket;
    const { state, rules } = this.#store;
    (socket as Socket).on('hub', () => this.onHub?.());
    this.#on('hello', isHello, (hello) => {
      const before = state.sessionId;
      state.hello(hello, performance.now());
      if (before !== state.sessionId) rules.forget();
      this.#store.rowsChanged();
      this.#fresh();
    });
    this.#on('summary', isSummary, (summary) => {
      state.summary(summary, performance.now());
      rules.endInterval(summary.interval_ms / 1000);
      this.tap?.summary(summary);
      this.#fresh();
    });
    this.#on('ledger', isLedger, (ledger) => {
      state.ledger(ledger, performance.now());
      this.#fresh();
    });
    this.#on('notice', isNotice, (notice) => {
      state.notice(notice);
      this.tap?.notice(notice);
      this.#store.figuresChanged(true);
    });
    // Checked where they are shown: the checks are not part of the first load.
    for (const event of ['findings', 'bans', 'decision'] as const) {
      (socket as Socket).on(event, (message: unknown) => {
        state[event](message);
        this.tap?.[event](message);
        this.#store.figuresChanged();
      });
    }
    this.#on('rules', isRulesSnapshot, (snapshot) => {
      rules.replace(snapshot);
      this.#store.figuresChanged(true);
    });
    this.#on('rule_counters', isRuleCounters, (counters) => {
      rules.count(counters);
      this.#store.figuresChanged();
    });
    this.#socket.on('packets', (bytes: Uint8Array | ArrayBuffer) => {
      try {
        const batch = PacketLogBatch.from(bytes);
        state.batch(batch, performance.now());
        this.tap?.batch(batch);
        this.rows.stopIfFull();
      } catch {
        return this.#store.badMessage();
      }
      this.#store.rowsChanged();
    });
  }

  /** Calls `act` with each message of this event that passes its check, and counts the others. */
  #on<T>(event: string, check: Check<T>, act: (message: T) => void): void {
    // The types of socket.io cannot follow a variable event.
    (this.#socket as Socket).on(event, (message: unknown) =>
      check(message) ? act(message) : this.#store.badMessage(),
    );
  }

  #requestHistory(step_ms: number): void {
    const answered = (answer: Acknowledgement<unknown>) => {
      if (answer?.ok === false) return;
      if (!isHistory(answer?.value)) return this.#store.badMessage();
      this.#store.state.history(answer.value, Date.now());
      this.#store.figuresChanged(true);
    };
    this.#repeated.ask('history', { step_ms }, answered, `history ${step_ms}`);
  }

  #fresh(): void {
    this.#store.connect({ type: 'data', at: performance.now() });
  }

  #gone(): void {
    const at = performance.now();
    this.#store.state.gone(at);
    this.#store.connect({ type: 'gone', at });
  }
}
