/**
 * A segmented LRU of the numbers 0 to capacity - 1. It evicts the entry of the probation list that was seen longest ago,
 * so that entries seen again, which are in the protected list, survive a flood of entries seen once.
 */
export class Recency {
  readonly #probation: number;
  readonly #protected: number;
  readonly #previous: Int32Array;
  readonly #next: Int32Array;
  readonly #isProtected: Uint8Array;
  readonly #maxProtected: number;
  #protectedCount = 0;

  constructor(capacity: number) {
    this.#probation = capacity;
    this.#protected = capacity + 1;
    this.#previous = new Int32Array(capacity + 2);
    this.#next = new Int32Array(capacity + 2);
    this.#isProtected = new Uint8Array(capacity);
    this.#maxProtected = Math.max(1, Math.floor(capacity * 0.8));
    this.clear();
  }

  clear(): void {
    for (const end of [this.#probation, this.#protected]) {
      this.#previous[end] = end;
      this.#next[end] = end;
    }
    this.#isProtected.fill(0);
    this.#protectedCount = 0;
  }

  /** Adds a new entry, seen once. */
  insert(entry: number): void {
    this.#isProtected[entry] = 0;
    this.#linkFirst(entry, this.#probation);
  }

  touch(entry: number): void {
    if (this.#next[this.#protected] === entry) return;
    this.#unlink(entry);
    this.#linkFirst(entry, this.#protected);
    if (this.#isProtected[entry] === 1) return;
    this.#isProtected[entry] = 1;
    if (++this.#protectedCount <= this.#maxProtected) return;
    // The least recently seen entry moves back to those seen once.
    const oldest = this.#previous[this.#protected] as number;
    this.#unlink(oldest);
    this.#isProtected[oldest] = 0;
    this.#protectedCount--;
    this.#linkFirst(oldest, this.#probation);
  }

  /** Removes the entry to evict and returns it. There must be one. */
  evict(): number {
    const last = this.#previous[this.#probation] as number;
    const entry = last === this.#probation ? (this.#previous[this.#protected] as number) : last;
    this.#unlink(entry);
    if (this.#isProtected[entry] === 1) this.#protectedCount--;
    return entry;
  }

  #unlink(entry: number): void {
    const before = this.#previous[entry] as number;
    const after = this.#next[entry] as number;
    this.#next[before] = after;
    this.#previous[after] = before;
  }

  #linkFirst(entry: number, end: number): void {
    const first = this.#next[end] as number;
    this.#next[end] = entry;
    this.#previous[entry] = end;
    this.#next[entry] = first;
    this.#previous[first] = entry;
  }
}
