/**
 * A fixed table of candidates for a finding, four places for each hash. A new candidate takes the place of one that is
 * over, else of the weakest, so that many forged sources with a packet each do not push out one with many. A candidate
 * with enough evidence is not pushed out at all: then the new one is not followed. Both are counted.
 */
const WAYS = 4;
/** From this strength on, a candidate keeps its place. */
const KEPT = 16;

export class CandidateTable {
  readonly size: number;
  /** Evidence so far; the owner of the table writes it. 0: the place is free. */
  readonly strength: Uint32Array;
  /** Times of the first and the newest evidence, Unix time in ms. */
  readonly since: Float64Array;
  readonly last: Float64Array;
  /** Candidates that lost their place or got none while they might have become findings. */
  untracked = 0;
  readonly #pauseMs: number;
  readonly #mask: number;
  readonly #keys: Int32Array;

  /** `size`: a power of two. `pauseMs`: a candidate without evidence for longer is over. */
  constructor(size: number, pauseMs: number) {
    this.size = size;
    this.#pauseMs = pauseMs;
    this.#mask = size - 1;
    this.#keys = new Int32Array(size * 2);
    this.strength = new Uint32Array(size);
    this.since = new Float64Array(size);
    this.last = new Float64Array(size);
  }

  /** Returns the index of the candidate with this key; -1 if there is none. */
  find(x: number, y: number): number {
    const first = x & this.#mask & -WAYS;
    for (let index = first; index < first + WAYS; index++) {
      if (this.strength[index] !== 0 && this.#keys[2 * index] === x && this.#keys[2 * index + 1] === y) return index;
    }
    return -1;
  }

  /**
   * Makes a place for a key that `find` did not find, with strength 1; the owner clears what it stores at the index.
   * Returns -1 if there is none.
   */
  take(x: number, y: number, atMs: number): number {
    const first = x & this.#mask & -WAYS;
    let index = first;
    let least = Number.POSITIVE_INFINITY;
    for (let i = first; i < first + WAYS; i++) {
      const strength = this.isOver(i, atMs) ? 0 : this.strength[i]!;
      if (strength < least) {
        least = strength;
        index = i;
      }
    }
    if (least > 0) this.untracked++;
    if (least >= KEPT) return -1;
    this.#keys[2 * index] = x;
    this.#keys[2 * index + 1] = y;
    this.strength[index] = 1;
    this.since[index] = atMs;
    this.last[index] = atMs;
    return index;
  }

  isOver(index: number, atMs: number): boolean {
    return this.last[index]! + this.#pauseMs < atMs;
  }

  /** Whether what was collected for a candidate is too old to be continued. `isKept`: it is a finding. */
  isStale(index: number, atMs: number, windowMs: number, isKept: boolean): boolean {
    return this.isOver(index, atMs) || (!isKept && atMs - this.since[index]! > windowMs);
  }

  free(index: number): void {
    this.strength[index] = 0;
  }
}
