/**
 * Chooses what to evict: of the entries seen once, the one seen longest ago. So entries that return survive a flood of
 * entries seen once. (A segmented LRU of numbers 0 to capacity - 1.)
 */
export class Recency {
  readonly #once: number;
  readonly #again: number;
  readonly #previous: Int32Array;
  readonly #next: Int32Array;
  readonly #isAgain: Uint8Array;
  readonly #mostAgain: number;
  #againCount = 0;

  constructor(capacity: number) {
    this.#once = capacity;
    this.#again = capacity + 1;
    this.#previous = new Int32Array(capacity + 2);
    this.#next = new Int32Array(capacity + 2);
    this.#isAgain = new Uint8Array(capacity);
    this.#mostAgain = Math.max(1, Math.floor(capacity * 0.8));
    this.clear();
  }

  clear(): void {
    for (const end of [this.#once, this.#again]) {
      this.#previous[end] = end;
      this.#next[end] = end;
    }
    this.#isAgain.fill(0);
    this.#againCount = 0;
  }

  /** Adds a new entry, seen once. */
  insert(entry: number): void {
    this.#isAgain[entry] = 0;
    this.#putFirst(entry, this.#once);
  }

  touch(entry: number): void {
    if (this.#next[this.#again] === entry) return;
    this.#takeOut(entry);
    this.#putFirst(entry, this.#again);
    if (this.#isAgain[entry] === 1) return;
    this.#isAgain[entry] = 1;
    if (++this.#againCount <= this.#mostAgain) return;
    // The least recently seen entry moves back to those seen once.
    const quiet = this.#previous[this.#again] as number;
    this.#takeOut(quiet);
    this.#isAgain[quiet] = 0;
    this.#againCount--;
    this.#putFirst(quiet, this.#once);
  }

  /** Removes the entry to evict and returns it. There must be one. */
  evict(): number {
    const once = this.#previous[this.#once] as number;
    const entry = once === this.#once ? (this.#previous[this.#again] as number) : once;
    this.#takeOut(entry);
    if (this.#isAgain[entry] === 1) this.#againCount--;
    return entry;
  }

  #takeOut(entry: number): void {
    const before = this.#previous[entry] as number;
    const after = this.#next[entry] as number;
    this.#next[before] = after;
    this.#previous[after] = before;
  }

  #putFirst(entry: number, end: number): void {
    const first = this.#next[end] as number;
    this.#next[end] = entry;
    this.#previous[entry] = end;
    this.#next[entry] = first;
    this.#previous[first] = entry;
  }
}
