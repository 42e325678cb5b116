/** While it is paused so many rows wait to be let in; then the loader is asked to send no more. */
export const ROWS_WAITING = 10_000;
/** What was withheld from a paused page is told with it a moment after the pause is over. */
const TOLD_LATE_MS = 1_500;

export interface PausedFigures {
  readonly forMs: number;
  /** Packets that were seen meanwhile. */
  readonly passed: number;
  /** Rows that can be let in, one step at a time. */
  readonly waiting: number;
  /** Rows that were withheld meanwhile, because enough wait or by the limit: they will not be shown. */
  readonly notKept: number;
}

interface Pause {
  readonly at: number;
  /** -1 until a ledger tells it. */
  readonly seen: number;
  /** How many rows the loader had withheld before. */
  readonly withheld: number;
  /** Since when the loader sends no rows, because enough wait. */
  readonly full: Gap | null;
  /** Rows that other connections did not keep. */
  readonly notKept: number;
}

/** Rows are missing since then; `withheld` is how many the loader had withheld before. */
interface Gap {
  readonly at: number;
  readonly withheld: number;
}

/**
 * Whether the rows are paused, since when, and what passed meanwhile. `at` is the page's clock, ms; `seen` (packets,
 * -1 if not known) and `withheld` (rows) are what the loader has told by then.
 */
export class Pausing {
  #pause: Pause | null = null;
  #resumedAt = Number.NEGATIVE_INFINITY;
  /** Its mark stands before the next row: the batch knows how many are missing. */
  #gap: (Gap & { readonly until: number }) | null = null;

  get isPaused(): boolean {
    return this.#pause !== null;
  }

  /** Whether the loader sends no rows, because enough wait. */
  get heldBack(): boolean {
    return this.#pause !== null && this.#pause.full !== null;
  }

  /** Whether the loader should send no more rows. */
  enoughWait(waiting: number): boolean {
    return this.#pause !== null && !this.heldBack && waiting >= ROWS_WAITING;
  }

  begin(at: number, seen: number, withheld: number): void {
    this.#pause = { at, seen, withheld, full: null, notKept: 0 };
  }

  end(at: number): void {
    this.letWait(at);
    this.#pause = null;
    this.#resumedAt = at;
  }

  holdBack(at: number, withheld: number): void {
    if (this.#pause !== null) this.#pause = { ...this.#pause, full: { at, withheld } };
  }

  letWait(at: number): void {
    if (this.#pause === null || this.#pause.full === null) return;
    this.#gap ??= { ...this.#pause.full, until: at };
    this.#pause = { ...this.#pause, full: null };
  }

  /** Another connection counts from 0; `withheld` is what the one before had come to. */
  connectedAnew(withheld: number): void {
    if (this.#pause !== null) {
      const { full } = this.#pause;
      const again = full === null ? null : { ...full, withheld: 0 };
      this.#pause = { ...this.#pause, seen: -1, withheld: 0, notKept: this.#notKept(withheld), full: again };
    }
    if (this.#gap !== null) this.#gap = { ...this.#gap, withheld: 0 };
  }

  /** The first that is known of it counts as where the pause began. */
  sees(seen: number): void {
    if (this.#pause?.seen === -1) this.#pause = { ...this.#pause, seen };
  }

  /** The rows that are missing before those that come now, once; null if none are. */
  takeGap(withheld: number): { rows: number; span_ms: number } | null {
    if (this.#gap === null) return null;
    const { at, until, withheld: before } = this.#gap;
    this.#gap = null;
    return withheld > before ? { rows: withheld - before, span_ms: until - at } : null;
  }

  /** Whether rows that are said now to be withheld may be so because of a pause, and not of the limit. */
  explains(at: number): boolean {
    return this.#pause !== null || at - this.#resumedAt <= TOLD_LATE_MS;
  }

  figures(at: number, seen: number, withheld: number, waiting: number): PausedFigures | null {
    if (this.#pause === null) return null;
    const { at: began, seen: before } = this.#pause;
    return {
      forMs: at - began,
      // The ledger comes once a second, rows at once.
      passed: Math.max(before < 0 ? 0 : seen - before, waiting),
      waiting,
      notKept: this.#notKept(withheld),
    };
  }

  #notKept(withheld: number): number {
    if (this.#pause === null) return 0;
    return this.#pause.notKept + Math.max(0, withheld - this.#pause.withheld);
  }
}
