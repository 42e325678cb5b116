/**
 * Shares this thread among clients: work that takes long, or that many clients cause at the same moment, is done a
 * little in each turn of the event loop, so that new rows do not wait for all of it.
 */

/** Time in one turn, ms; the work that begins last may exceed it. */
const TURN_MS = 0.5;
/** How often rows are looked for while other work is done, ms. */
const LOOK_MS = 0.1;
/** Most time in one turn in which rows arrive, ms. */
const LONGEST_TURN_MS = 2;
/** How long work may wait that no row of a client without a filter depends on, ms. */
export const CAN_WAIT_MS = 200;

/** Runs `work`, which must not throw, now or later. `withinMs`: when it is due. */
export type Run = (work: () => void, withinMs: number) => void;

interface Waiting {
  readonly work: () => void;
  readonly dueAt: number;
}

export class WorkQueue {
  readonly #now: () => number;
  /** What is due first comes first; what is due at the same time stays in order. */
  readonly #waiting: Waiting[] = [];
  readonly #pollRows: () => boolean;
  /** When rows were looked for, in the milliseconds of the clock. */
  #lookedAt = 0;
  #spentMs = 0;
  #isRunning = false;
  #isPlanned = false;

  /** `now` returns milliseconds; `pollRows` adds what rows that have arrived need, and returns whether there were any. */
  constructor(now: () => number, pollRows: () => boolean = () => false) {
    this.#now = now;
    this.#pollRows = pollRows;
  }

  /**
   * Runs work in the order in which it is due, at once if there is time left in this turn. The time at which work is
   * due does not change, so that no work waits for ever: it is overtaken only by what is due earlier.
   */
  readonly run: Run = (work, withinMs) => {
    if (this.#waiting.length === 0 && !this.#isRunning && this.#spentMs < TURN_MS) {
      this.#runSome(work);
      return;
    }
    const dueAt = this.#now() + withinMs;
    this.#waiting.splice(this.#placeOf(dueAt), 0, { work, dueAt });
  };

  /** Call it before work that is not run by this queue: rows that have arrived come first. */
  readonly rowsFirst = (): void => {
    if (this.#isRunning || !this.#haveRowsArrived(this.#now())) return;
    this.#spentMs = 0;
    this.#runSome(this.#waiting.shift()?.work);
  };

  #haveRowsArrived(now: number): boolean {
    if (now - this.#lookedAt < LOOK_MS) return false;
    this.#lookedAt = now;
    return this.#pollRows();
  }

  /** Returns the index of the first work that is due later than `dueAt`. */
  #placeOf(dueAt: number): number {
    let [from, to] = [0, this.#waiting.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#waiting[middle] as Waiting).dueAt > dueAt) to = middle;
      else from = middle + 1;
    }
    return from;
  }

  #runSome(first: (() => void) | undefined): void {
    this.#isRunning = true;
    const from = this.#now() - this.#spentMs;
    let limitMs = TURN_MS;
    for (let work = first; work !== undefined; ) {
      work();
      const now = this.#now();
      this.#spentMs = now - from;
      if (this.#spentMs >= LOOK_MS && this.#haveRowsArrived(now))
        limitMs = Math.min(LONGEST_TURN_MS, this.#spentMs + TURN_MS);
      work = this.#spentMs < limitMs ? this.#waiting.shift()?.work : undefined;
    }
    this.#isRunning = false;
    // A turn with little work counts as part of the next one: to plan the end of each would cost more.
    if (this.#waiting.length > 0 || this.#spentMs > TURN_MS / 2) this.#endTurn();
  }

  /** Between two turns, the event loop reads rows. */
  #endTurn(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(() => {
      this.#isPlanned = false;
      this.#spentMs = 0;
      this.#runSome(this.#waiting.shift()?.work);
    });
  }
}
