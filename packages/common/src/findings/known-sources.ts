/**
 * Sources that completed a connection in the last 10 to 20 minutes: two Bloom filters, of which the older one is cleared
 * every 10 minutes. A SYN alone adds nothing, so forged sources do not fill them.
 */
const WORDS = 2 ** 15;
const BITS = WORDS * 32;
const GENERATION_S = 600;

export class KnownSources {
  #newer = new Int32Array(WORDS);
  #older = new Int32Array(WORDS);
  #since = 0;

  has(x: number, y: number): boolean {
    return isIn(this.#newer, x, y) || isIn(this.#older, x, y);
  }

  add(x: number, y: number): void {
    for (const bit of [x & (BITS - 1), y & (BITS - 1)]) this.#newer[bit >>> 5]! |= 1 << (bit & 31);
  }

  /** Call about once a second. */
  second(now: number): void {
    if (now - this.#since < GENERATION_S) return;
    [this.#newer, this.#older] = [this.#older.fill(0), this.#newer];
    this.#since = now;
  }
}

function isIn(filter: Int32Array, x: number, y: number): boolean {
  const [p, q] = [x & (BITS - 1), y & (BITS - 1)];
  return ((filter[p >>> 5]! >>> (p & 31)) & (filter[q >>> 5]! >>> (q & 31)) & 1) === 1;
}
