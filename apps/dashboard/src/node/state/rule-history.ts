/** So many intervals of the loader, about a second each, does a sparkline show. */
export const HISTORY_LENGTH = 60;
/** More than are shown: the interval that is being counted has a slot too. */
const SLOTS = 64;

/** What a rule decided in each of the last intervals. Intervals are numbered; one in which nothing was added is 0. */
export class RuleHistory {
  readonly #values = new Float64Array(SLOTS);
  #newest = 0;

  add(interval: number, packets: number): void {
    this.#forward(interval);
    const at = interval % SLOTS;
    this.#values[at] = (this.#values[at] ?? 0) + packets;
  }

  /** Oldest first, ending with `interval`. */
  until(interval: number): number[] {
    this.#forward(interval);
    const oldest = interval + SLOTS - HISTORY_LENGTH + 1;
    return Array.from({ length: HISTORY_LENGTH }, (_, i) => this.#values[(oldest + i) % SLOTS] ?? 0);
  }

  at(interval: number): number {
    this.#forward(interval);
    return this.#values[interval % SLOTS] ?? 0;
  }

  #forward(interval: number): void {
    const steps = Math.min(interval - this.#newest, SLOTS);
    for (let i = 0; i < steps; i++) this.#values[(interval - i) % SLOTS] = 0;
    this.#newest = Math.max(this.#newest, interval);
  }
}
