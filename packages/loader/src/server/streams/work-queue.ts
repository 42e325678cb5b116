/**
 * Shares this thread among clients: work that takes long, or that many clients cause at the same moment, is done a
 * little in each turn of the event loop, so that new rows do not wait for all of it.
 *
 * Work is prompt if it is due within less than CAN_WAIT_MS: rows of clients without a filter. Prompt work comes first,
 * also before other work that is overdue. Each kind has time of its own in a turn, so that neither starves the other.
 * While all that waits is due later, the thread sleeps between two turns: on a machine with few CPUs, the drain thread
 * and local clients would otherwise wait until the scheduler takes the CPU from this thread, for milliseconds.
 */

/** Time for prompt work in one turn, ms; the work that begins last may exceed it. */
const PROMPT_MS = 1.5;
/** Time for other work in one turn, ms. */
const OTHER_MS = 0.5;
/** Pause between two turns while no work is due, ms. */
const PAUSE_MS = 1;
/** How often rows are looked for while other work is done, ms. */
const LOOK_MS = 0.1;
/** How long work may wait that no row of a client without a filter depends on, ms. */
export const CAN_WAIT_MS = 200;

/** Runs `work`, which must not throw, now or later. `withinMs`: when it is due. */
export type Run = (work: () => void, withinMs: number) => void;

interface Waiting {
  readonly work: () => void;
  readonly dueAt: number;
}

/** Work of one kind. */
class Lane {
  readonly #turnMs: number;
  /** What is due first comes first; what is due at the same time stays in order. */
  readonly #waiting: Waiting[] = [];
  /** Time that it has taken in this turn. */
  spentMs = 0;

  constructor(turnMs: number) {
    this.#turnMs = turnMs;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  get hasTime(): boolean {
    return this.spentMs < this.#turnMs;
  }

  /** Whether most of its time in this turn is used. */
  get isBusy(): boolean {
    return this.spentMs > this.#turnMs / 2;
  }

  /** When its first work is due; Infinity: none waits. */
  get dueAt(): number {
    return this.#waiting[0]?.dueAt ?? Number.POSITIVE_INFINITY;
  }

  add(work: () => void, dueAt: number): void {
    this.#waiting.splice(this.#placeOf(dueAt), 0, { work, dueAt });
  }

  take(): (() => void) | undefined {
    return this.#waiting.shift()?.work;
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
}

export class WorkQueue {
  readonly #now: () => number;
  readonly #prompt = new Lane(PROMPT_MS);
  readonly #other = new Lane(OTHER_MS);
  readonly #pollRows: () => boolean;
  /** When rows were looked for, in the milliseconds of the clock. */
  #lookedAt = 0;
  #isRunning = false;
  /** How the next turn is planned. */
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `now` returns milliseconds; `pollRows` adds what rows that have arrived need, and returns whether there were any. */
  constructor(now: () => number, pollRows: () => boolean = () => false) {
    this.#now = now;
    this.#pollRows = pollRows;
  }

  /**
   * Runs work at once if its kind has time left in this turn and none of its kind waits, otherwise in the order in which
   * it is due. The time at which work is due does not change, so that no work waits for ever: within its kind, it is
   * overtaken only by what is due earlier.
   */
  readonly run: Run = (work, withinMs) => {
    const lane = withinMs < CAN_WAIT_MS ? this.#prompt : this.#other;
    if (lane.isEmpty && lane.hasTime && !this.#isRunning) {
      this.#runFrom(lane, work);
      return;
    }
    lane.add(work, this.#now() + withinMs);
    if (!this.#isRunning) this.#endTurn();
  };

  /** Call it before work that is not run by this queue: rows that have arrived come first. */
  readonly rowsFirst = (): void => {
    if (this.#isRunning) return;
    // Many calls may follow in one turn, with other work between them.
    this.#prompt.spentMs = 0;
    this.#look(this.#now());
    if (!this.#prompt.isEmpty) this.#runFrom(this.#prompt, this.#prompt.take());
  };

  #look(now: number): void {
    if (now - this.#lookedAt < LOOK_MS) return;
    this.#lookedAt = now;
    this.#pollRows();
  }

  #runFrom(first: Lane, firstWork: (() => void) | undefined): void {
    this.#isRunning = true;
    let lane: Lane | undefined = first;
    let work = firstWork;
    for (let from = this.#now(); lane !== undefined && work !== undefined; ) {
      work();
      const now = this.#now();
      lane.spentMs += now - from;
      from = now;
      // Until then, the event loop has looked not long ago.
      if (this.#prompt.spentMs + this.#other.spentMs >= LOOK_MS) this.#look(now);
      lane = this.#nextLane();
      work = lane?.take();
    }
    this.#isRunning = false;
    // A turn with little work counts as part of the next one: to plan the end of each would cost more.
    if (!this.#isEmpty || this.#prompt.isBusy || this.#other.isBusy) this.#endTurn();
  }

  get #isEmpty(): boolean {
    return this.#prompt.isEmpty && this.#other.isEmpty;
  }

  /** Returns whose work is next in this turn. */
  #nextLane(): Lane | undefined {
    if (!this.#prompt.isEmpty && this.#prompt.hasTime) return this.#prompt;
    return !this.#other.isEmpty && this.#other.hasTime ? this.#other : undefined;
  }

  /** Between two turns, the event loop reads rows. */
  #endTurn(): void {
    if (this.#immediate !== undefined) return;
    const canPause = this.#prompt.isEmpty && !this.#other.isEmpty && this.#other.dueAt > this.#now();
    if (canPause) this.#timer ??= setTimeout(this.#beginTurn, PAUSE_MS);
    else this.#immediate = setImmediate(this.#beginTurn);
  }

  readonly #beginTurn = (): void => {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = undefined;
    this.#immediate = undefined;
    this.#prompt.spentMs = 0;
    this.#other.spentMs = 0;
    const lane = this.#nextLane();
    if (lane !== undefined) this.#runFrom(lane, lane.take());
  };
}
