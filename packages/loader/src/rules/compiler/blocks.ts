/**
 * Divides the IPv4 space into blocks of one line each, which hold the bounds within them; RULE_BLOCK documents the
 * layout.
 */
import { RULE_BLOCK, RULE_LINE, RULE_ROOT_BITS } from '@packetlog/bpf';
import { type Bounds, PAIR_WORDS } from './bounds.ts';

/** Mean bounds per block: if they are spread evenly, few blocks have more than a line holds. */
const MEAN_BOUNDS = { plain: 4.25, packed: 17 } as const;
/** With an index of at least this many bits, the lower half of an address gives the position in its block. */
const PACKED_BITS = 16;
/** Largest percentage of blocks that need a search; above it, smaller blocks are better. */
const SEARCHED_PERCENT = 5;
const LAST_ADDRESS = 0xffff_ffff;
const LOW_HALF = 0xffff;

/**
 * Returns a line for each block, in the smallest table in which most blocks fit in one line.
 *
 * @param own bounds of the whole space, the first begins at 0
 * @param shared receives the bounds of blocks that need a search
 * @param packedValues values that packed blocks can express
 * @param bits of the table's index; default: from the number of bounds
 */
export function blockTable(own: Bounds, shared: Bounds, packedValues: Uint32Array, bits?: number): Uint32Array {
  if (bits !== undefined) return new BlockTable(own, shared, bits, packedValues).table;
  const plain = bitsFor(own.count, MEAN_BOUNDS.plain);
  const packed = Math.max(PACKED_BITS, bitsFor(own.count, MEAN_BOUNDS.packed));
  if (packed < plain) {
    const before = shared.count;
    const blocks = new BlockTable(own, shared, packed, packedValues);
    if (blocks.searched * 100 <= 2 ** packed * SEARCHED_PERCENT) return blocks.table;
    shared.count = before;
  }
  return new BlockTable(own, shared, plain, packedValues).table;
}

function bitsFor(bounds: number, mean: number): number {
  const bits = Math.ceil(Math.log2(Math.max(1, bounds / mean)));
  return Math.min(RULE_ROOT_BITS.max, Math.max(RULE_ROOT_BITS.min, bits));
}

class BlockTable {
  readonly table: Uint32Array;
  /** Number of blocks that need a search. */
  searched = 0;
  readonly #halves: Uint16Array;
  readonly #data: Uint32Array;
  readonly #shared: Bounds;
  readonly #mayPack: boolean;
  readonly #packedValues: Uint32Array;

  constructor({ data, count }: Bounds, shared: Bounds, bits: number, packedValues: Uint32Array) {
    const blocks = 2 ** bits;
    const shift = 32 - bits;
    this.table = new Uint32Array(RULE_LINE.words * blocks);
    this.#halves = new Uint16Array(this.table.buffer);
    this.#packedValues = packedValues;
    this.#data = data;
    this.#shared = shared;
    this.#mayPack = bits >= PACKED_BITS;
    /** The last bound that begins at or below the block's first address. */
    let from = 0;
    for (let block = 0; block < blocks; block++) {
      let last = from;
      let next = last + 1;
      while (next < count && (data[PAIR_WORDS * next] as number) >>> shift === block) last = next++;
      this.#fill(RULE_LINE.words * block, from, last);
      from = next < count && data[PAIR_WORDS * next] === ((block + 1) << shift) >>> 0 ? next : last;
    }
  }

  #fill(line: number, from: number, last: number): void {
    if (last - from <= RULE_BLOCK.max_starts) this.#fillPlain(line, from, last);
    else if (!this.#mayPack || !this.#fillPacked(line, from, last)) this.#fillSearched(line, from, last);
  }

  #fillPlain(line: number, from: number, last: number): void {
    const { table } = this;
    table[line + RULE_BLOCK.values] = this.#value(from);
    for (let i = 0; i < RULE_BLOCK.max_starts; i++) {
      const bound = from + 1 + i;
      table[line + RULE_BLOCK.starts + i] = bound > last ? LAST_ADDRESS : this.#start(bound);
      table[line + RULE_BLOCK.values + 1 + i] = this.#value(Math.min(bound, last));
    }
  }

  /** Returns false if there are too many starts, or a value that a packed block cannot express. */
  #fillPacked(line: number, from: number, last: number): boolean {
    if (last - from > RULE_BLOCK.max_packed_starts) return false;
    const kinds = [0, 0];
    let kind = 0;
    for (let i = 0; i <= RULE_BLOCK.max_packed_starts; i++) {
      if (from + i <= last) kind = this.#kind(this.#value(from + i));
      if (kind < 0) return false;
      kinds[i >> 4] = (kinds[i >> 4] as number) | (kind << (2 * (i & 15)));
    }
    const starts = 2 * line + RULE_BLOCK.packed_starts;
    this.#halves.fill(LOW_HALF, starts, starts + RULE_BLOCK.max_packed_starts);
    for (let i = 0; i < last - from; i++) this.#halves[starts + i] = this.#start(from + 1 + i) & LOW_HALF;
    this.table[line + RULE_BLOCK.packed_kinds / 2] = kinds[0] as number;
    this.table[line + RULE_BLOCK.packed_kinds / 2 + 1] = kinds[1] as number;
    this.table[line + RULE_BLOCK.more] = RULE_BLOCK.packed;
    return true;
  }

  #fillSearched(line: number, from: number, last: number): void {
    this.searched++;
    this.table[line + RULE_BLOCK.more] = last - from + 1;
    this.table[line + RULE_BLOCK.starts] = this.#shared.count;
    for (let bound = from; bound <= last; bound++) this.#shared.append(this.#start(bound), this.#value(bound));
  }

  /** Returns the index of a packed value, or a negative number if it is not one. */
  #kind(value: number): number {
    const values = this.#packedValues;
    for (let kind = 0; kind < values.length; kind++) if (values[kind] === value) return kind;
    return -1;
  }

  #start(bound: number): number {
    return this.#data[PAIR_WORDS * bound] as number;
  }

  #value(bound: number): number {
    return this.#data[PAIR_WORDS * bound + 1] as number;
  }
}
