import { HISTORY_LEVELS, type Notice, PacketLogBatch, PROTOCOL_VERSION, type Summary } from '@packetlog/common';
import { io } from 'socket.io-client';
import { NO_FILTER, readFilterText } from '../lib/filter-text.ts';
import {
  isHello,
  isHistory,
  isLedger,
  isNotice,
  isRefusal,
  isRuleCounters,
  isRulesSnapshot,
  isSummary,
} from '../lib/messages.ts';
import { LoaderQuestions, type LoaderSocket } from './loader-questions.ts';
import type { Store } from './store.ts';

/** A server that ended the connection itself is asked again after so long; socket.io would not ask at all. */
const RETRY_AFTER_SERVER_CLOSED_MS = 2_000;

/** Rows that come more often than they can be painted only cost. */
const FRAMES_PER_SECOND = 60;

/** Hears what a loader says, after the store of its node. */
export interface Tap {
  batch(batch: PacketLogBatch): void;
  summary(summary: Summary): void;
  notice(notice: Notice): void;
}

/** The page's connection to a loader, and what comes over it by itself. Nothing is believed before it is parsed. */
export class LoaderConnection {
  readonly #store: Store;
  readonly #socket: LoaderSocket;
  #filter: string;
  #rowsPerSecond: number;
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly questions: LoaderQuestions;
  tap: Tap | null = null;

  constructor(
    store: Store,
    target: { loader: string; token: string; adminToken: string | null },
    { filter, rowsPerSecond }: { filter: string; rowsPerSecond: number },
  ) {
    this.#store = store;
    this.#filter = filter;
    this.#rowsPerSecond = rowsPerSecond;
    this.#socket = io(target.loader, {
      transports: ['websocket'],
      auth: {
        token: target.token,
        ...(target.adminToken !== null && { admin_token: target.adminToken }),
        protocol: PROTOCOL_VERSION,
      },
      autoConnect: false,
      // A page that was given another token must not share the transport of the one before.
      forceNew: true,
      reconnectionDelay: 500,
      reconnectionDelayMax: 3_000,
    });
    this.questions = new LoaderQuestions(this.#socket);
    this.#listen();
    store.connect({ type: 'opened', at: performance.now() }, target.loader);
    this.#socket.connect();
  }

  /** "Try again", now. */
  retry(): void {
    clearTimeout(this.#retry);
    this.#store.connect({ type: 'opened', at: performance.now() });
    // Closes an attempt that is waiting for its turn, if there is one.
    this.#socket.disconnect();
    this.#socket.connect();
  }

  /** While paused rows wait here, until there are enough: nobody pays for rows that nobody will look at. */
  pause(paused: boolean): void {
    const { picture } = this.#store;
    const heldBack = picture.heldBack;
    picture.pause(paused, performance.now());
    this.#store.rowsChanged();
    this.#store.figuresChanged(true);
    if (heldBack && !paused) this.#askForRows(true);
  }

  /** While paused: lets the next rows in. When none is left, the loader is asked for those that come now. */
  step(rows: number): void {
    const { picture } = this.#store;
    picture.rows.step(rows);
    if (picture.noneWaits) {
      picture.letWait(performance.now());
      this.#askForRows(true);
    }
    this.#store.rowsChanged();
    this.#store.figuresChanged(true);
  }

  /** A paused loader sends no rows and counts them as withheld. */
  #askForRows(wanted: boolean): void {
    if (!this.#socket.connected) return;
    const acknowledged = this.#begin();
    this.#socket.emit('pause', { paused: !wanted }, () => acknowledged());
  }

  /** Rows of another filter from now on, from the moment that the loader says so. The text must be one that parses. */
  setFilter(text: string): void {
    const { picture } = this.#store;
    this.#filter = text.trim();
    const changed = () => {
      picture.filtered(readFilterText(this.#filter).filter);
      this.#store.rowsChanged();
    };
    if (this.#socket.connected) this.#subscribe(changed);
    else changed();
  }

  setRowsPerSecond(rows: number): void {
    if (rows === this.#rowsPerSecond) return;
    this.#rowsPerSecond = rows;
    if (this.#socket.connected) this.#subscribe(() => {});
  }

  close(): void {
    clearTimeout(this.#retry);
    this.#socket.removeAllListeners();
    this.#socket.disconnect();
  }

  #listen(): void {
    const { picture } = this.#store;
    const socket = this.#socket;

    socket.on('connect', () => {
      if (picture.heldBack) this.#askForRows(false);
      this.#subscribe(() => {});
    });
    socket.on('connect', () => {
      for (const { step_ms } of HISTORY_LEVELS) {
        socket.emit('history', { step_ms }, (answer) => {
          if (!answer.ok || !isHistory(answer.value)) return this.#bad();
          picture.history(answer.value, Date.now());
          this.#store.figuresChanged(true);
        });
      }
    });
    socket.on('connect_error', (error) => {
      const refusal = (error as Error & { data?: unknown }).data;
      if (isRefusal(refusal)) this.#store.connect({ type: 'refused', refusal });
      else if (socket.active) this.#gone();
      // A middleware that refused without saying why.
      else this.#store.connect({ type: 'refused', refusal: { code: 'internal', message: error.message } });
    });
    socket.on('disconnect', (reason) => {
      if (reason === 'io client disconnect') return;
      this.#gone();
      if (reason === 'io server disconnect') {
        this.#retry = setTimeout(() => socket.connect(), RETRY_AFTER_SERVER_CLOSED_MS);
      }
    });

    socket.on('hello', (hello: unknown) => {
      if (!isHello(hello)) return this.#bad();
      const before = picture.sessionId;
      picture.hello(hello, performance.now());
      if (before !== picture.sessionId) this.#store.rules.forget();
      this.#store.rowsChanged();
      this.#fresh();
    });
    socket.on('summary', (summary: unknown) => {
      if (!isSummary(summary)) return this.#bad();
      picture.summary(summary, performance.now());
      this.#store.rules.endInterval(summary.interval_ms / 1000);
      this.tap?.summary(summary);
      this.#fresh();
    });
    socket.on('ledger', (ledger: unknown) => {
      if (!isLedger(ledger)) return this.#bad();
      picture.ledger(ledger, performance.now());
      this.#fresh();
    });
    socket.on('notice', (notice: unknown) => {
      if (!isNotice(notice)) return this.#bad();
      picture.notice(notice);
      this.tap?.notice(notice);
      this.#store.figuresChanged(true);
    });
    socket.on('rules', (rules: unknown) => {
      if (!isRulesSnapshot(rules)) return this.#bad();
      this.#store.rules.replace(rules);
      this.#store.figuresChanged(true);
    });
    socket.on('rule_counters', (counters: unknown) => {
      if (!isRuleCounters(counters)) return this.#bad();
      this.#store.rules.count(counters);
      this.#store.figuresChanged();
    });
    socket.on('packets', (bytes: Uint8Array | ArrayBuffer) => {
      try {
        const batch = PacketLogBatch.from(bytes);
        picture.batch(batch, performance.now());
        this.tap?.batch(batch);
        if (picture.enoughWait) {
          picture.holdBack(performance.now());
          this.#askForRows(false);
        }
      } catch {
        return this.#bad();
      }
      this.#store.rowsChanged();
    });
  }

  #subscribe(done: () => void): void {
    const filter = this.#filter;
    const acknowledged = this.#begin();
    this.#socket.emit(
      'subscribe',
      {
        max_rows_per_second: this.#rowsPerSecond,
        max_batches_per_second: FRAMES_PER_SECOND,
        ...(filter !== NO_FILTER && { filter }),
      },
      (result) => {
        const limit = result?.ok === true ? result.value?.max_rows_per_second : undefined;
        if (typeof limit !== 'number') {
          acknowledged();
          return this.#bad();
        }
        this.#store.picture.subscribed(limit);
        acknowledged(filter);
        done();
      },
    );
  }

  /** A change of the rows that are wanted; it is pending on the page until what this returns was called. */
  #begin(): (filter?: string) => void {
    const done = this.#store.picture.subscription.begin();
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
    this.#store.picture.gone(at);
    this.#store.connect({ type: 'gone', at });
  }

  #bad(): void {
    this.#store.picture.badMessage();
    this.#store.figuresChanged();
  }
}
