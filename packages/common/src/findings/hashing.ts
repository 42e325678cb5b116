/** Hashes of addresses and ports, which senders cannot choose: the seed is random for each loader. */

/** Multipliers, odd. Two independent hashes of the same words tell 2^64 keys apart. */
export class Hashing {
  readonly #a: number;
  readonly #b: number;
  readonly #c: number;
  readonly #d: number;
  readonly #e: number;

  constructor(seed: number) {
    const next = generator(seed);
    [this.#a, this.#b, this.#c, this.#d, this.#e] = [next(), next(), next(), next(), next()];
  }

  /** Returns a signed word for the four words of an address. */
  address(a: number, b: number, c: number, d: number): number {
    let h = Math.imul(a, this.#a) ^ Math.imul(b, this.#b) ^ Math.imul(c, this.#c) ^ Math.imul(d, this.#d);
    h ^= h >>> 15;
    h = Math.imul(h, 0x2c1b3c6d);
    h ^= h >>> 12;
    h = Math.imul(h, 0x297a2d39);
    return h ^ (h >>> 15);
  }

  /** Returns a signed word for two words, which are not interchangeable. */
  pair(x: number, y: number): number {
    let h = Math.imul(x, this.#e) ^ (y + 0x7f4a7c15);
    h = Math.imul(h ^ (h >>> 16), this.#a);
    h = Math.imul(h ^ (h >>> 13), this.#d);
    return h ^ (h >>> 16);
  }
}

/** splitmix32: odd words. */
function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let h = state ^ (state >>> 16);
    h = Math.imul(h, 0x21f0aaad);
    h ^= h >>> 15;
    h = Math.imul(h, 0x735a2d97);
    return (h ^ (h >>> 15)) | 1;
  };
}
