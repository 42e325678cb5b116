/** Which small IPv4 networks hold any source of a rule: most addresses are done with by a bit near the CPU. */
import { RULE_FILTER } from '@packetlog/bpf';
import { type Bounds, PAIR_WORDS } from './compile-bounds.ts';

const SPACE_BITS = 32;
const WORD_BITS = 32;
const ALL_ONES = 0xffff_ffff;
/** A smaller table of blocks stays in the caches by itself. */
const USEFUL_FROM_BITS = 13;

/** @param bits of the table of blocks behind it; undefined if a filter would not help */
export function sourceFilter({ data, count }: Bounds, bits: number): Uint32Array | undefined {
  if (bits < USEFUL_FROM_BITS) return undefined;
  const filter = new Uint32Array(2 ** RULE_FILTER.bits / WORD_BITS);
  const shift = SPACE_BITS - RULE_FILTER.bits;
  for (let i = 0; i < count; i++) {
    if (data[PAIR_WORDS * i + 1] === 0) continue;
    const behind = i + 1 < count ? (data[PAIR_WORDS * (i + 1)] as number) : 2 ** SPACE_BITS;
    setBits(filter, (data[PAIR_WORDS * i] as number) >>> shift, (behind - 1) >>> shift);
  }
  return filter;
}

/** Both inclusive. */
function setBits(words: Uint32Array, first: number, last: number): void {
  const [from, to] = [first >>> 5, last >>> 5];
  const upwards = ALL_ONES << (first & 31);
  const downwards = ALL_ONES >>> (31 - (last & 31));
  if (from === to) {
    words[from] = (words[from] as number) | (upwards & downwards);
    return;
  }
  words[from] = (words[from] as number) | upwards;
  words.fill(ALL_ONES, from + 1, to);
  words[to] = (words[to] as number) | downwards;
}
