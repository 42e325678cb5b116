/** Maximum number of rows that a paused page buffers; beyond that it requests none. */
export const MAX_BUFFERED_ROWS = 10_000;
/** The count of rows withheld during a pause can reach the page this long after the end of the pause, ms. */
const REPORTED_LATE_MS = 1_500;

export interface PausedFigures {
  readonly forMs: number;
  /** Packets seen since the pause began. */
  readonly passed: number;
  /** Rows in the buffer, which can be shown one step at a time. */
  readonly waiting: number;
  /** Rows withheld since the pause began, because the buffer is full or by the row limit. They are never shown. */
  readonly withheld: number;
}

interface Pause {
  readonly at: number;
  /** The packet counter when the pause began; -1 until a ledger reports it. */
  readonly seenBefore: number;
  /** Rows that the loader had withheld when the pause began. */
  readonly withheldBefore: number;
  /** The gap that began when the buffer became full; null while it is not. */
  readonly full: Gap | null;
  /** Rows withheld during this pause on earlier connections. */
  readonly carried: number;
}

/** Rows are missing from `at` on; `withheld` is what the loader had withheld by then. */
interface Gap {
  readonly at: number;
  readonly withheld: number;
}

/**
 * State of a pause: since when, how many packets passed, how many rows are buffered. `at` is the page's clock, ms; `seen`
 * (packets, -1 if not known) and `withheld` (rows) are the loader's counters as last reported.
 */
export class PauseBuffer {
  #pause: Pause | null = null;
  #resumedAt = Number.NEGATIVE_INFINITY;
  /** A gap that has ended. Its marker goes before the next row, because the batch header has the number of missing rows. */
  #gap: (Gap & { readonly until: number }) | null = null;

  get isPaused(): boolean {
    return this.#pause !== null;
  }

  /** Whether the page requested no rows because the buffer is full. */
  get isFull(): boolean {
    return this.#pause !== null && this.#pause.full !== null;
  }

  /** Returns whether the page must request no more rows. */
  isOverfull(waiting: number): boolean {
    return this.#pause !== null && !this.isFull && waiting >= MAX_BUFFERED_ROWS;
  }

  begin(at: number, seen: number, withheld: number): void {
    this.#pause = { at, seenBefore: seen, withheldBefore: withheld, full: null, carried: 0 };
  }

  end(at: number): void {
    this.markDrained(at);
    this.#pause = null;
    this.#resumedAt = at;
  }

  markFull(at: number, withheld: number): void {
    if (this.#pause !== null) this.#pause = { ...this.#pause, full: { at, withheld } };
  }

  markDrained(at: number): void {
    if (this.#pause === null || this.#pause.full === null) return;
    this.#gap ??= { ...this.#pause.full, until: at };
    this.#pause = { ...this.#pause, full: null };
  }

  /** Begins a new connection, which counts from 0. `withheld` is the last count of the previous connection. */
  reconnected(withheld: number): void {
    if (this.#pause !== null) {
      const { full } = this.#pause;
      this.#pause = {
        ...this.#pause,
        seenBefore: -1,
        withheldBefore: 0,
        carried: this.#withheldSince(withheld),
        full: full === null ? null : { ...full, withheld: 0 },
      };
    }
    if (this.#gap !== null) this.#gap = { ...this.#gap, withheld: 0 };
  }

  /** Takes the first known packet counter as that of the beginning of the pause. */
  noteSeen(seen: number): void {
    if (this.#pause?.seenBefore === -1) this.#pause = { ...this.#pause, seenBefore: seen };
  }

  /** Returns the rows that are missing before the next row, once; null if none are. */
  takeGap(withheld: number): { rows: number; span_ms: number } | null {
    if (this.#gap === null) return null;
    const { at, until, withheld: before } = this.#gap;
    this.#gap = null;
    return withheld > before ? { rows: withheld - before, span_ms: until - at } : null;
  }

  /** Returns whether rows reported as withheld at `at` may be due to a pause, not to the row limit. */
  explains(at: number): boolean {
    return this.#pause !== null || at - this.#resumedAt <= REPORTED_LATE_MS;
  }

  figures(at: number, seen: number, withheld: number, waiting: number): PausedFigures | null {
    if (this.#pause === null) return null;
    const { at: began, seenBefore } = this.#pause;
    return {
      forMs: at - began,
      // The ledger arrives once a second, rows at once.
      passed: Math.max(seenBefore < 0 ? 0 : seen - seenBefore, waiting),
      waiting,
      withheld: this.#withheldSince(withheld),
    };
  }

  #withheldSince(withheld: number): number {
    if (this.#pause === null) return 0;
    return this.#pause.carried + Math.max(0, withheld - this.#pause.withheldBefore);
  }
}
