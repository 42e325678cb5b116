/** At most one notification in this time. */
const EVERY_MS = 10_000;

/** Timers, which tests replace. */
interface Clock {
  readonly now: () => number;
  readonly later: (run: () => void, ms: number) => void;
}

const CLOCK: Clock = {
  now: () => performance.now(),
  later: (run, ms) => {
    setTimeout(run, ms);
  },
};

/** Shows what happens: the first at once, then at most one in 10 s, which counts the others: 'and 12 more'. */
export class PacedNotices {
  readonly #show: (text: string) => void;
  readonly #clock: Clock;
  #waiting: string[] = [];
  #shownAt = Number.NEGATIVE_INFINITY;
  #isTimed = false;

  constructor(show: (text: string) => void, clock = CLOCK) {
    this.#show = show;
    this.#clock = clock;
  }

  add(text: string): void {
    this.#waiting.push(text);
    if (this.#isTimed) return;
    const wait = this.#shownAt + EVERY_MS - this.#clock.now();
    if (wait > 0) {
      this.#isTimed = true;
      this.#clock.later(() => this.#flush(), wait);
    } else this.#flush();
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting = [];
  }

  #flush(): void {
    this.#isTimed = false;
    const [first, ...others] = this.#waiting;
    this.#waiting = [];
    if (first === undefined) return;
    this.#shownAt = this.#clock.now();
    this.#show(others.length === 0 ? first : `${first}, and ${others.length} more`);
  }
}
