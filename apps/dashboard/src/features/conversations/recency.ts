/**
 * Who goes when the room is full: of those that were met once, the one that was met longest ago. So whoever comes again
 * is not pushed out by a crowd that comes only once. (A segmented LRU of numbers 0 .. capacity - 1.)
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

  /** `entry` is new, and met once. */
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
    // The quietest of them is from now on as good as one that was met once.
    const quiet = this.#previous[this.#again] as number;
    this.#takeOut(quiet);
    this.#isAgain[quiet] = 0;
    this.#againCount--;
    this.#putFirst(quiet, this.#once);
  }

  /** Takes out who goes, and says who it was. There must be one. */
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
