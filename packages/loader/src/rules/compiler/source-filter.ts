/**
 * Builds a small table, which stays in the CPU caches, with the values of most IPv4 addresses; RULE_FILTER documents
 * the layout.
 */
import { RULE_BLOCK, RULE_FILTER, RULE_LINE } from '@packetlog/bpf';
import { type Bounds, PAIR_WORDS } from './bounds.ts';

const SPACE_BITS = 32;
const SPACE = 2 ** SPACE_BITS;
/** Mean networks per line; about one in thirty unknown addresses then gives a false positive. */
const MEAN_NETWORKS = 75;
/** Most keys for a network within a part; with more, the part is marked for a lookup. */
const MAX_KEYS = 4;
const { fields, part_bits: PART_BITS, part_key_bits: PART_KEY_BITS, key_bits: KEY_BITS } = RULE_FILTER;
const LINE_WORDS = RULE_LINE.words;
const KEYS_WORD = fields.keys / 4;
const ASK_WORD = fields.ask / 4;

export interface SourceFilter {
  /** A line of values, followed by the lines of the filter. */
  readonly table: Uint32Array;
  /** Number of an address's top bits that select its line. */
  readonly bits: number;
  readonly usualValue: number;
  readonly wholeValue: number;
}

/**
 * @param bounds of the whole space, the first begins at 0
 * @param values that packed blocks can express
 */
export function sourceFilter(bounds: Bounds, values: Uint32Array, bits = filterBitsFor(bounds.count)): SourceFilter {
  const [usualValue = 0, wholeValue = usualValue] = values;
  const filter = new FilterTable(bits);
  filter.table.set(values);
  const { data, count } = bounds;
  for (let i = 0; i < count; i++) {
    const value = data[PAIR_WORDS * i + 1] as number;
    if (value === usualValue) continue;
    const behind = i + 1 < count ? (data[PAIR_WORDS * (i + 1)] as number) : SPACE;
    filter.add(data[PAIR_WORDS * i] as number, behind - 1, value === wholeValue);
  }
  return { table: filter.table, bits, usualValue, wholeValue };
}

/** An isolated network has two bounds. */
function filterBitsFor(bounds: number): number {
  const bits = Math.ceil(Math.log2(Math.max(1, bounds / 2 / MEAN_NETWORKS)));
  return Math.min(RULE_FILTER.max, Math.max(RULE_FILTER.min, bits));
}

/** Returns the values that most addresses have, as many as packed blocks can express. */
export function commonValues({ data, count }: Bounds): Uint32Array {
  const addresses = new Map<number, number>();
  // Values often alternate: only the others go through the map.
  const [even, odd] = [data[1] as number, data[count > 1 ? 3 : 1] as number];
  let [evens, odds] = [0, 0];
  for (let i = 0; i < count; i++) {
    const behind = i + 1 < count ? (data[PAIR_WORDS * (i + 1)] as number) : SPACE;
    const size = behind - (data[PAIR_WORDS * i] as number);
    const value = data[PAIR_WORDS * i + 1] as number;
    if (value === even) evens += size;
    else if (value === odd) odds += size;
    else addresses.set(value, (addresses.get(value) ?? 0) + size);
  }
  addresses.set(even, evens);
  if (odd !== even) addresses.set(odd, odds);
  const most = [...addresses].sort(([, a], [, b]) => b - a).slice(0, RULE_BLOCK.packed_values);
  return Uint32Array.from(most, ([value]) => value);
}

class FilterTable {
  readonly table: Uint32Array;
  readonly #partShift: number;
  readonly #keyShift: number;

  constructor(bits: number) {
    this.table = new Uint32Array(LINE_WORDS * (1 + 2 ** bits));
    this.#partShift = SPACE_BITS - bits - PART_BITS;
    this.#keyShift = this.#partShift - PART_KEY_BITS;
  }

  /** Adds all addresses from `first` to `last`, whose value is not the usual one. */
  add(first: number, last: number, isWholeValue: boolean): void {
    const shift = this.#partShift;
    const key = first >>> this.#keyShift;
    if (last >>> this.#keyShift === key) {
      this.#addKey(first >>> shift, key);
      return;
    }
    const [from, to] = [first >>> shift, last >>> shift];
    const size = 2 ** shift;
    const startsAt = first === from * size ? from : from + 1;
    const endsBefore = last === to * size + size - 1 ? to + 1 : to;
    for (let part = startsAt; part < endsBefore; part++) this.#mark(part, isWholeValue ? 0 : ASK_WORD);
    if (startsAt > from) this.#addPiece(from, first, Math.min(last, from * size + size - 1));
    if (endsBefore <= to && !(from === to && startsAt > from)) this.#addPiece(to, Math.max(first, to * size), last);
  }

  /** Adds addresses that are less than a part. */
  #addPiece(part: number, first: number, last: number): void {
    const [from, to] = [first >>> this.#keyShift, last >>> this.#keyShift];
    if (to - from >= MAX_KEYS) this.#mark(part, ASK_WORD);
    else for (let key = from; key <= to; key++) this.#addKey(part, key);
  }

  #addKey(part: number, key: number): void {
    const first = Math.imul(key, RULE_FILTER.hash_1);
    this.#setKeyBit(part, first & 0xffff);
    this.#setKeyBit(part, first >>> 16);
    this.#setKeyBit(part, Math.imul(key, RULE_FILTER.hash_2) >>> 16);
  }

  #setKeyBit(part: number, half: number): void {
    const bit = (half * KEY_BITS) >>> 16;
    const word = LINE_WORDS * (1 + (part >>> PART_BITS)) + KEYS_WORD + (bit >>> 5);
    this.table[word] = (this.table[word] as number) | (1 << (bit & 31));
  }

  /** @param word of the u64 with a bit for each part */
  #mark(part: number, word: number): void {
    const at = LINE_WORDS * (1 + (part >>> PART_BITS)) + word + ((part >>> 5) & 1);
    this.table[at] = (this.table[at] as number) | (1 << (part & 31));
  }
}
