/**
 * Numbers addresses in the order of their coming, and keeps two sums beside each: open addressing in typed arrays,
 * nothing allocated per packet. Bounded: an address that finds the table full gets no number.
 *
 * ```
 *  slot    ┌────────────────────┬────────────┐
 *          │ 2 bits of the hash │ number + 1 │    2 bytes: a search that finds nothing seldom reads anything else
 *          └────────────────────┴────────────┘
 *  entry   ┌─────────────────────────────┬─────────────┬───────────┐
 *          │ address, four 32-bit words  │ packets f64 │ bytes f64 │    32 bytes, half a cache line
 *          └─────────────────────────────┴─────────────┴───────────┘
 * ```
 */
import { randomInt } from 'node:crypto';

const ENTRY_WORDS = 8;
const NUMBER_BITS = 14;
const NUMBER_MASK = (1 << NUMBER_BITS) - 1;
/** Of these seven of eight stay free: a search that has to go on to the next costs more than a cache line. */
const SLOTS_PER_ADDRESS = 8;

/** `find` when the table is full. */
export const NO_NUMBER = -1;

/** Of this process alone: who sends packets must not be able to choose addresses that all share one slot. */
const [A, B, C, D] = Array.from({ length: 4 }, () => randomInt(2 ** 32) | 1) as [number, number, number, number];

export class AddressTable {
  /** Packets of an address at 4 * its number + 2, bytes one further; for whoever uses the table, zero at first. */
  readonly sums: Float64Array;
  readonly #limit: number;
  readonly #mask: number;
  readonly #slots: Uint16Array;
  /** Signed, here and in what is asked for: an unsigned word over 2^31 would be an object on V8's heap. */
  readonly #entries: Int32Array;
  #size = 0;

  /** `limit`: a power of two of addresses, 8,192 at most. */
  constructor(limit: number) {
    this.#limit = limit;
    this.#mask = limit * SLOTS_PER_ADDRESS - 1;
    this.#slots = new Uint16Array(limit * SLOTS_PER_ADDRESS);
    this.#entries = new Int32Array(limit * ENTRY_WORDS);
    this.sums = new Float64Array(this.#entries.buffer);
  }

  get size(): number {
    return this.#size;
  }

  /** The number of an address, given as four signed words as they lie in a record; from 0 on. */
  find(a: number, b: number, c: number, d: number): number {
    const slots = this.#slots;
    const entries = this.#entries;
    const mask = this.#mask;
    const hash = mix(a, b, c, d);
    const mark = markOf(hash);
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const word = slots[slot]!;
      if (word === 0) return this.#size === this.#limit ? NO_NUMBER : this.#insert(slot, mark, a, b, c, d);
      if ((word & ~NUMBER_MASK) !== mark) continue;
      const number = (word & NUMBER_MASK) - 1;
      const at = number * ENTRY_WORDS;
      if (entries[at + 3] === d && entries[at + 2] === c && entries[at] === a && entries[at + 1] === b) return number;
    }
  }

  #insert(slot: number, mark: number, a: number, b: number, c: number, d: number): number {
    const entries = this.#entries;
    const number = this.#size++;
    const at = number * ENTRY_WORDS;
    entries[at] = a;
    entries[at + 1] = b;
    entries[at + 2] = c;
    entries[at + 3] = d;
    this.sums[4 * number + 2] = 0;
    this.sums[4 * number + 3] = 0;
    this.#slots[slot] = mark | (number + 1);
    return number;
  }

  /** The 16 bytes of the address with a number. */
  address(number: number): Uint8Array {
    const at = number * ENTRY_WORDS;
    return new Uint8Array(this.#entries.slice(at, at + 4).buffer);
  }

  clear(): void {
    this.#slots.fill(0);
    this.#size = 0;
  }
}

/** The bits of a hash that a slot keeps: others than those that choose the slot. */
function markOf(hash: number): number {
  return (hash >>> 30) << NUMBER_BITS;
}

function mix(a: number, b: number, c: number, d: number): number {
  let h = Math.imul(a, A) ^ Math.imul(b, B) ^ Math.imul(c, C) ^ Math.imul(d, D);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  return h ^ (h >>> 13);
}
