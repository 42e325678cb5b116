/** Runs what clients request, a little in each turn of the event loop, so that rows do not wait for all of it. */

/** Time in one turn, ms; the work that begins last may exceed it. */
const TURN_MS = 0.5;

export class WorkQueue {
  readonly #now: () => number;
  readonly #waiting: (() => void)[] = [];
  #spentMs = 0;
  #isPlanned = false;

  /** `now` returns milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Runs `work`, which must not throw, after all work that waits; at once if there is time left in this turn. */
  run(work: () => void): void {
    if (this.#waiting.length === 0 && this.#spentMs < TURN_MS) this.#do(work);
    else this.#waiting.push(work);
    this.#plan();
  }

  #do(work: () => void): void {
    const from = this.#now();
    work();
    this.#spentMs += this.#now() - from;
  }

  /** Between two turns, the event loop reads rows and sends batches. */
  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(() => {
      this.#isPlanned = false;
      this.#spentMs = 0;
      while (this.#spentMs < TURN_MS) {
        const work = this.#waiting.shift();
        if (work === undefined) return;
        this.#do(work);
      }
      if (this.#waiting.length > 0) this.#plan();
    });
  }
}
