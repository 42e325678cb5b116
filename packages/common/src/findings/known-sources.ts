/**
 * Sources of the last 10 to 20 minutes, of which only hashes are kept: two Bloom filters, of which the older one is
 * cleared every 10 minutes. A source that was not added may be found, but none that was added is missed.
 */
const GENERATION_S = 600;
/** The detector adds sources that completed a connection: a SYN alone adds nothing, so forged sources do not fill it. */
const DETECTOR_BITS = 2 ** 20;

interface Generation {
  readonly words: Int32Array;
  /** Bits that are 1. */
  ones: number;
}

export class KnownSources {
  readonly #bits: number;
  #newer: Generation;
  #older: Generation;
  #since = 0;

  /** `bits`: of each filter, a power of two. */
  constructor(bits = DETECTOR_BITS) {
    this.#bits = bits;
    this.#newer = { words: new Int32Array(bits / 32), ones: 0 };
    this.#older = { words: new Int32Array(bits / 32), ones: 0 };
  }

  /** `x` and `y`: two hashes of the source. */
  has(x: number, y: number): boolean {
    return this.hasNewer(x, y) || this.#isIn(this.#older, x, y);
  }

  /** Whether it was added since the last change of generations. */
  hasNewer(x: number, y: number): boolean {
    return this.#isIn(this.#newer, x, y);
  }

  add(x: number, y: number): void {
    this.#set(x & (this.#bits - 1));
    this.#set(y & (this.#bits - 1));
  }

  /** Call about once a second. Returns whether the older generation was forgotten. */
  second(now: number): boolean {
    if (now - this.#since < GENERATION_S) return false;
    this.forgetOlder(now);
    return true;
  }

  forgetOlder(now: number): void {
    const { words } = this.#older;
    this.#older = this.#newer;
    this.#newer = { words: words.fill(0), ones: 0 };
    this.#since = now;
  }

  /** The share of the bits of the newer filter that are 1. */
  get fill(): number {
    return this.#newer.ones / this.#bits;
  }

  /** The probability that `has` finds a source that was not added. */
  get falseShare(): number {
    const [newer, older] = [this.fill ** 2, (this.#older.ones / this.#bits) ** 2];
    return newer + older - newer * older;
  }

  #set(bit: number): void {
    const { words } = this.#newer;
    const before = words[bit >>> 5]!;
    const after = before | (1 << (bit & 31));
    if (after === before) return;
    words[bit >>> 5] = after;
    this.#newer.ones++;
  }

  #isIn({ words }: Generation, x: number, y: number): boolean {
    const [p, q] = [x & (this.#bits - 1), y & (this.#bits - 1)];
    return ((words[p >>> 5]! >>> (p & 31)) & (words[q >>> 5]! >>> (q & 31)) & 1) === 1;
  }
}
