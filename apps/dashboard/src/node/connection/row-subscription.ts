import type { Subscribe } from '@packetlog/common';
import { NO_FILTER, readFilterText } from '../../text/filter-text.ts';
import type { Store } from '../state/store.ts';
import type { RepeatedRequests } from './repeated-requests.ts';

/** Batches more frequent than frames only cost time. */
const FRAMES_PER_SECOND = 60;

export interface RowOptions {
  /** A filter that parses; NO_FILTER for all rows. */
  readonly filter: string;
  /** Row limit; 0 for none. */
  readonly rowsPerSecond: number;
}

/**
 * The rows that a connection receives: filter, row limit and pause. Changes that are made while there is no connection
 * take effect with `renew`.
 */
export class RowSubscription {
  readonly #store: Store;
  readonly #requests: RepeatedRequests;
  readonly #socket: { readonly connected: boolean };
  /** The requested filter, and that of the shown rows. */
  #filter: string;
  #acknowledged: string;
  #rowsPerSecond: number;

  constructor(
    store: Store,
    requests: RepeatedRequests,
    socket: { readonly connected: boolean },
    { filter, rowsPerSecond }: RowOptions,
  ) {
    this.#store = store;
    this.#requests = requests;
    this.#socket = socket;
    this.#filter = filter;
    this.#acknowledged = filter;
    this.#rowsPerSecond = rowsPerSecond;
  }

  /** Subscribes on a new connection. */
  renew(): void {
    if (this.#store.state.bufferFull) this.#requestRows(false);
    this.#subscribe();
  }

  /** Subscribes to the rows of a filter, which must parse. They replace the others once the loader acknowledges it. */
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

  /** Pauses or resumes. A paused page buffers rows up to a limit; then `stopIfFull` requests none. */
  pause(paused: boolean): void {
    const { state } = this.#store;
    const bufferFull = state.bufferFull;
    state.pause(paused, performance.now());
    this.#changed();
    if (bufferFull && !paused) this.#requestRows(true);
  }

  /** Shows the next rows while paused. When the buffer is empty, requests rows again. */
  step(rows: number): void {
    const { state } = this.#store;
    state.rows.step(rows);
    if (state.isDrained) {
      state.markDrained(performance.now());
      this.#requestRows(true);
    }
    this.#changed();
  }

  /** Requests no more rows when the buffer of a paused page is full. Call it after each batch. */
  stopIfFull(): void {
    const { state } = this.#store;
    if (!state.isOverfull) return;
    state.markFull(performance.now());
    this.#requestRows(false);
  }

  /** Requests rows, or none: the loader then counts them as withheld. */
  #requestRows(wanted: boolean): void {
    if (!this.#socket.connected) return;
    const acknowledged = this.#begin();
    this.#requests.ask('pause', { paused: !wanted }, () => acknowledged());
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
          if (answer?.ok !== false) this.#store.badMessage();
          return;
        }
        this.#store.state.subscribed(limit);
        acknowledged(filter);
        this.#filtered(filter);
      },
    );
  }

  /** Records that rows pass `filter` from here on. */
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

  #changed(): void {
    this.#store.rowsChanged();
    this.#store.figuresChanged(true);
  }
}
