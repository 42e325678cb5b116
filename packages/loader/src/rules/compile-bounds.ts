/** Where values begin, along the 2^32 values of a word. */
import { PAIR_WORDS, ROOT_BITS } from './image-layout.ts';

const WORD_VALUES = 2 ** 32;

/** Pairs {start, value}, growing. */
export class Bounds {
  data = new Uint32Array(1024);
  count = 0;

  append(start: number, value: number): void {
    if (PAIR_WORDS * this.count === this.data.length) {
      const larger = new Uint32Array(2 * this.data.length);
      larger.set(this.data);
      this.data = larger;
    }
    this.data[PAIR_WORDS * this.count] = start;
    this.data[PAIR_WORDS * this.count + 1] = value;
    this.count++;
  }

  /** Copies all of `other` behind the last. */
  appendAll(other: Bounds): void {
    const needed = PAIR_WORDS * (this.count + other.count);
    if (needed > this.data.length) {
      const larger = new Uint32Array(Math.max(needed, 2 * this.data.length));
      larger.set(this.data);
      this.data = larger;
    }
    this.data.set(other.data.subarray(0, PAIR_WORDS * other.count), PAIR_WORDS * this.count);
    this.count += other.count;
  }

  /** From `start` on it is `value`; `start` never goes back. Beyond the last word it is nothing. */
  put(start: number, value: number): void {
    if (start === WORD_VALUES) return;
    const last = PAIR_WORDS * (this.count - 1);
    if (this.count > 0 && this.data[last] === start) {
      this.data[last + 1] = value;
      if (this.count > 1 && this.data[last - 1] === value) this.count--;
    } else if (this.count === 0 || this.data[last + 1] !== value) {
      this.append(start, value);
    }
  }
}

/** About one bound in a block, so that a lookup reads one line of the root table and one or two of the bounds. */
export function rootBitsFor(bounds: number): number {
  const bits = Math.ceil(Math.log2(Math.max(1, bounds)));
  return Math.min(ROOT_BITS.most, Math.max(ROOT_BITS.least, bits));
}

/** The root table over `count` of the bounds from `first` on, the first of which begins at 0. */
export function rootTable(bounds: Bounds, first: number, count: number, bits: number): Uint32Array {
  const { data } = bounds;
  const table = new Uint32Array(PAIR_WORDS * 2 ** bits);
  const size = 2 ** (32 - bits);
  const behind = first + count;
  /** The last that begins at or below the block's first word. */
  let from = first;
  for (let block = 0; block < 2 ** bits; block++) {
    const next = (block + 1) * size;
    let last = from;
    while (last + 1 < behind && (data[PAIR_WORDS * (last + 1)] as number) < next) last++;
    table[PAIR_WORDS * block] = last === from ? (data[PAIR_WORDS * from + 1] as number) : from;
    table[PAIR_WORDS * block + 1] = last === from ? 0 : last - from + 1;
    from = last + 1 < behind && data[PAIR_WORDS * (last + 1)] === next ? last + 1 : last;
  }
  return table;
}
