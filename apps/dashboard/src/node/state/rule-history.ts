/** Intervals in a sparkline; each is about a second. */
export const HISTORY_LENGTH = 60;
/** At least one more than shown, because the current interval needs a slot, too. */
const SLOTS = 64;

/** Packets that a rule decided, by interval. Intervals are numbered; missing ones are 0. */
export class RuleHistory {
  readonly #values = new Float64Array(SLOTS);
  #newest = 0;

  add(interval: number, packets: number): void {
    this.#forward(interval);
    const at = interval % SLOTS;
    this.#values[at] = (this.#values[at] ?? 0) + packets;
  }

  /** Returns the packets of each interval, oldest first, ending with `interval`. */
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
