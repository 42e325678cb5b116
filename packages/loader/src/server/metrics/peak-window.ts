/** The highest of the values of the last minute: a scrape each minute misses none. */

const WINDOW_MS = 60_000;

export class PeakWindow {
  /** In the order of time, and falling: adding a value removes earlier ones that are not higher. */
  readonly #values: { readonly value: number; readonly atMs: number }[] = [];

  /** `atMs`: a monotonic clock. */
  add(value: number, atMs: number): void {
    while ((this.#values.at(-1)?.value ?? Number.POSITIVE_INFINITY) <= value) this.#values.pop();
    this.#values.push({ value, atMs });
    this.#expire(atMs);
  }

  /** 0 if there were no values. */
  highest(nowMs: number): number {
    this.#expire(nowMs);
    return this.#values[0]?.value ?? 0;
  }

  #expire(nowMs: number): void {
    while (nowMs - (this.#values[0]?.atMs ?? nowMs) > WINDOW_MS) this.#values.shift();
  }
}
