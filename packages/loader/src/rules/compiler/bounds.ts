/** Bounds: where values begin along the 2^32 values of a word. */
import { RULE_ROOT_BITS } from '@packetlog/bpf';
import { RulesCompileError } from './compile-error.ts';

/** Words of {start, value} and of {first, count}: RULE_LINE.words / RULE_LINE.pairs, as a constant. */
export const PAIR_WORDS = 2;
/** The most bounds that SEARCH_STEPS of the XDP program can search. */
const BOUNDS_LIMIT = 2 ** 24;
const COPY_LOOP = 64;
const WORD_VALUES = 2 ** 32;

/** Growing list of {start, value} pairs. */
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

  /**
   * Appends copies of all bounds of `other`.
   * @throws RulesCompileError for more bounds than a search can cover
   */
  appendAll(other: Bounds): void {
    if (this.count + other.count > BOUNDS_LIMIT) throw tooManyBounds();
    const needed = PAIR_WORDS * (this.count + other.count);
    if (needed > this.data.length) {
      const larger = new Uint32Array(Math.max(needed, 2 * this.data.length));
      larger.set(this.data);
      this.data = larger;
    }
    const words = PAIR_WORDS * other.count;
    const at = PAIR_WORDS * this.count;
    // Most of a million slices have three bounds: a loop is faster than a view for each.
    if (words > COPY_LOOP) this.data.set(other.data.subarray(0, words), at);
    else for (let i = 0; i < words; i++) this.data[at + i] = other.data[i] as number;
    this.count += other.count;
  }

  /** Sets the value from `start` on; `start` never decreases. Ignores a start after the last word. */
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

function tooManyBounds(): RulesCompileError {
  const message = `The networks of all rules begin and end at more than ${BOUNDS_LIMIT} addresses: use fewer or shorter lists.`;
  return new RulesCompileError('limit', message, BOUNDS_LIMIT);
}

/** About one bound per block, so that a lookup reads one line of the root table and one or two of the bounds. */
export function rootBitsFor(bounds: number): number {
  const bits = Math.ceil(Math.log2(Math.max(1, bounds)));
  return Math.min(RULE_ROOT_BITS.max, Math.max(RULE_ROOT_BITS.min, bits));
}

/** Returns the root table over `count` bounds from `first` on, the first of which begins at 0. */
export function rootTable(bounds: Bounds, first: number, count: number, bits: number): Uint32Array {
  const { data } = bounds;
  const blocks = 2 ** bits;
  const table = new Uint32Array(PAIR_WORDS * blocks);
  const shift = 32 - bits;
  const behind = first + count;
  /** The last bound that begins at or below the block's first word. */
  let from = first;
  for (let block = 0; block < blocks; block++) {
    let last = from;
    let next = last + 1;
    while (next < behind && (data[PAIR_WORDS * next] as number) >>> shift === block) last = next++;
    const alike = last === from;
    table[PAIR_WORDS * block] = alike ? (data[PAIR_WORDS * from + 1] as number) : from;
    table[PAIR_WORDS * block + 1] = alike ? 0 : last - from + 1;
    from = next < behind && data[PAIR_WORDS * next] === ((block + 1) << shift) >>> 0 ? next : last;
  }
  return table;
}
