/**
 * Compiles IPv6 networks word by word: prefixes that end in a word become bounds there, longer ones a slice of the next
 * word.
 */
import type { Bounds } from './bounds.ts';
import { sortIpv6 } from './ipv6-order.ts';
import type { NetworkGroups } from './network-groups.ts';
import { NOWHERE, type Places } from './prefix-indexes.ts';
import { Sweep } from './sweep.ts';
import { taggedValue, type Values } from './value-table.ts';

const WORDS = 4;
const WORD_BITS = 32;

export interface Ipv6Bounds {
  /** Index of the first word's bounds, the first of which begins at 0. */
  readonly first: number;
  readonly count: number;
}

/** Appends the bounds of the first word to `bounds`, and those of the second to fourth word as `slices`. */
export function compileIpv6(
  networks: NetworkGroups,
  places: Places,
  values: Values,
  bounds: Bounds,
  slices: Bounds,
): Ipv6Bounds {
  return new Ipv6Compiler(networks, places, values, bounds, slices).compile();
}

/** All networks, as parallel arrays: an index is the same network in each. */
interface SortedNetworks {
  readonly words: Uint32Array;
  readonly bits: Uint8Array;
  readonly groups: Uint32Array;
}

class Ipv6Compiler {
  readonly #words: Uint32Array;
  readonly #bits: Uint8Array;
  readonly #groups: Uint32Array;
  readonly #places: Places;
  readonly #bounds: Bounds;
  readonly #slices: Bounds;
  /** One sweep per word: while a slice is built, the sweeps of the earlier words are suspended. */
  readonly #sweeps: readonly Sweep[];

  constructor(networks: NetworkGroups, places: Places, values: Values, bounds: Bounds, slices: Bounds) {
    const { words, bits, groups } = sorted(networks);
    this.#words = words;
    this.#bits = bits;
    this.#groups = groups;
    this.#places = places;
    this.#bounds = bounds;
    this.#slices = slices;
    this.#sweeps = Array.from({ length: WORDS }, () => new Sweep(places, values));
  }

  compile(): Ipv6Bounds {
    const { count } = this.#sweep(0, 0, this.#bits.length, NOWHERE);
    const first = this.#bounds.count;
    this.#bounds.appendAll((this.#sweeps[0] as Sweep).bounds);
    return { first, count };
  }

  /** Sweeps networks `from` to `to` of the order, which agree in the words before `level`. */
  #sweep(level: number, from: number, to: number, outside: number): Bounds {
    const sweep = this.#sweeps[level] as Sweep;
    sweep.begin(outside);
    for (let i = from; i < to; ) {
      const word = this.#word(i, level);
      const bits = this.#bits[i] as number;
      let behind = i + 1;
      if (bits <= WORD_BITS * (level + 1)) {
        let group = this.#groups[i] as number;
        for (; behind < to && this.#isSame(i, behind, level); behind++) {
          group = this.#places.joinGroups(group, this.#groups[behind] as number);
        }
        sweep.enter(word, bits - WORD_BITS * level, group);
      } else {
        while (behind < to && this.#word(behind, level) === word) behind++;
        sweep.moveTo(word);
        sweep.putWord(word, this.#slice(level + 1, i, behind, sweep.place));
      }
      i = behind;
    }
    sweep.finish();
    return sweep.bounds;
  }

  #slice(level: number, from: number, to: number, outside: number): number {
    const bounds = this.#sweep(level, from, to, outside);
    if (bounds.count === 1) return bounds.data[1] as number;
    this.#slices.append(this.#bounds.count, bounds.count);
    this.#bounds.appendAll(bounds);
    return taggedValue('slice', this.#slices.count - 1);
  }

  #word(i: number, level: number): number {
    return this.#words[WORDS * i + level] as number;
  }

  /** Returns whether two networks that end in this word are the same. */
  #isSame(i: number, other: number, level: number): boolean {
    return this.#word(i, level) === this.#word(other, level) && this.#bits[i] === this.#bits[other];
  }
}

function sorted(networks: NetworkGroups): SortedNetworks {
  const all = joined(networks);
  const order = sortIpv6(all.words, all.bits);
  const words = new Uint32Array(all.words.length);
  const bits = new Uint8Array(all.bits.length);
  const groups = new Uint32Array(all.groups.length);
  for (let i = 0; i < order.length; i++) {
    const network = order[i] as number;
    for (let word = 0; word < WORDS; word++) words[WORDS * i + word] = all.words[WORDS * network + word] as number;
    bits[i] = all.bits[network] as number;
    groups[i] = all.groups[network] as number;
  }
  return { words, bits, groups };
}

function joined({ ipv6 }: NetworkGroups): SortedNetworks {
  const count = ipv6.reduce((sum, { bits }) => sum + bits.length, 0);
  const all = { words: new Uint32Array(WORDS * count), bits: new Uint8Array(count), groups: new Uint32Array(count) };
  let at = 0;
  for (const { words, bits, groups } of ipv6) {
    all.words.set(words, WORDS * at);
    all.bits.set(bits, at);
    if (typeof groups === 'number') all.groups.fill(groups, at, at + bits.length);
    else all.groups.set(groups, at);
    at += bits.length;
  }
  return all;
}
