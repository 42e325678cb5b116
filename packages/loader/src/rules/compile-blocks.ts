/** The IPv4 space in blocks of one line each, with what begins in them. */
import { RULE_BLOCK, RULE_LINE, RULE_ROOT_BITS } from '@packetlog/bpf';
import { type Bounds, PAIR_WORDS } from './compile-bounds.ts';

const { words: LINE_WORDS } = RULE_LINE;
const { more: MORE, starts: STARTS, values: VALUES, most_starts: MOST_STARTS } = RULE_BLOCK;
const LAST_ADDRESS = 0xffff_ffff;

/** Of blocks with so many bounds on average one in twenty has more than a line holds, if they are spread evenly. */
const MEAN_BOUNDS = 4.25;

export function blockBitsFor(bounds: number): number {
  const bits = Math.ceil(Math.log2(Math.max(1, bounds / MEAN_BOUNDS)));
  return Math.min(RULE_ROOT_BITS.most, Math.max(RULE_ROOT_BITS.least, bits));
}

/** @param own bounds of the whole space, the first begins at 0; those of full blocks are appended to `shared` */
export function blockTable(own: Bounds, bits: number, shared: Bounds): Uint32Array {
  const { data, count } = own;
  const blocks = 2 ** bits;
  const shift = 32 - bits;
  const table = new Uint32Array(LINE_WORDS * blocks);
  /** The last that begins at or below the block's first address. */
  let from = 0;
  for (let block = 0; block < blocks; block++) {
    let last = from;
    let next = last + 1;
    while (next < count && (data[PAIR_WORDS * next] as number) >>> shift === block) last = next++;
    const line = LINE_WORDS * block;
    if (last - from > MOST_STARTS) {
      table[line + MORE] = last - from + 1;
      table[line + STARTS] = shared.count;
      for (let i = from; i <= last; i++)
        shared.append(data[PAIR_WORDS * i] as number, data[PAIR_WORDS * i + 1] as number);
    } else {
      fillLine(table, line, data, from, last);
    }
    from = next < count && data[PAIR_WORDS * next] === ((block + 1) << shift) >>> 0 ? next : last;
  }
  return table;
}

function fillLine(table: Uint32Array, line: number, data: Uint32Array, from: number, last: number): void {
  table[line + VALUES] = data[PAIR_WORDS * from + 1] as number;
  for (let i = 0; i < MOST_STARTS; i++) {
    const bound = from + 1 + i;
    table[line + STARTS + i] = bound > last ? LAST_ADDRESS : (data[PAIR_WORDS * bound] as number);
    table[line + VALUES + 1 + i] = data[PAIR_WORDS * Math.min(bound, last) + 1] as number;
  }
}
