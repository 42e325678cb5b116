/** How many messages a client may send: so many at once, and so many a second in the long run. */
const AT_ONCE = 200;
const PER_SECOND = 100;

export class MessageRate {
  readonly #now: () => number;
  #left = AT_ONCE;
  #at: number;

  /** `now`: milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
    this.#at = now();
  }

  /** False: this one is too many. */
  take(): boolean {
    const now = this.#now();
    this.#left = Math.min(AT_ONCE, this.#left + ((now - this.#at) / 1000) * PER_SECOND);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
