const WORDS_PER_KEY = 4;

/**
 * Caches texts by a key of up to four u32. Direct-mapped: each key has one slot and the newest text replaces the old
 * one, so memory is fixed and no traffic can slow it down.
 */
export class TextCache {
  readonly #shift: number;
  readonly #keys: Uint32Array;
  readonly #texts: string[];

  /** The cache has 2 ** `bits` slots; `bits` is 1 to 16. */
  constructor(bits: number) {
    this.#shift = 32 - bits;
    this.#keys = new Uint32Array(WORDS_PER_KEY << bits);
    this.#texts = new Array<string>(1 << bits).fill('');
  }

  /** Returns the text stored for this key, or '' if another key has replaced it. */
  find(a: number, b: number, c: number, d: number): string {
    const slot = this.#slot(a, b, c, d);
    const at = slot * WORDS_PER_KEY;
    const keys = this.#keys;
    return keys[at] === a && keys[at + 1] === b && keys[at + 2] === c && keys[at + 3] === d
      ? (this.#texts[slot] as string)
      : '';
  }

  /** Stores `text`, which must not be empty, and returns it. */
  keep(a: number, b: number, c: number, d: number, text: string): string {
    const slot = this.#slot(a, b, c, d);
    const at = slot * WORDS_PER_KEY;
    this.#keys[at] = a;
    this.#keys[at + 1] = b;
    this.#keys[at + 2] = c;
    this.#keys[at + 3] = d;
    this.#texts[slot] = text;
    return text;
  }

  #slot(a: number, b: number, c: number, d: number): number {
    const mixed =
      Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35) ^ Math.imul(d, 0x27d4eb2f);
    return Math.imul(mixed ^ (mixed >>> 15), 0x9e3779b1) >>> this.#shift;
  }
}
