/**
 * Numbers addresses in the order of arrival, from 1 on, and sums packets and bytes of each: open addressing in typed
 * arrays, without an allocation per packet. The table is bounded: addresses that do not fit share number 0 and its
 * sums.
 *
 * ```
 *  slot    ┌────────┐
 *          │ number │    2 bytes; 0: empty
 *          └────────┘
 *  entry   ┌─────────────────────────────┬─────────────┬───────────┐
 *          │ address, four 32-bit words  │ packets f64 │ bytes f64 │    32 bytes, half a cache line
 *          └─────────────────────────────┴─────────────┴───────────┘
 * ```
 */
import { randomInt } from 'node:crypto';

const ENTRY_WORDS = 8;
/** Seven of eight slots stay free: a search that has to probe the next slot costs more than a cache line. */
const SLOTS_PER_ADDRESS = 8;

/** The number of all addresses that did not fit into the table. */
export const NO_NUMBER = 0;

/** Random for each process: senders must not be able to choose addresses that all share one slot. */
const [A, B, C, D] = Array.from({ length: 4 }, () => randomInt(2 ** 32) | 1) as [number, number, number, number];

export class AddressTable {
  /** Packets of an address at 4 * its number + 2, bytes one further; zero at first. */
  readonly sums: Float64Array;
  readonly #limit: number;
  readonly #mask: number;
  readonly #slots: Uint16Array;
  /** Signed, as are the parameters: an unsigned word over 2^31 would be an object on V8's heap. */
  readonly #entries: Int32Array;
  #size = 0;
  /** All ones; zero when the table is full. */
  #room = -1;

  /** `limit`: a power of two of addresses, 32,768 at most. */
  constructor(limit: number) {
    this.#limit = limit;
    this.#mask = limit * SLOTS_PER_ADDRESS - 1;
    this.#slots = new Uint16Array(limit * SLOTS_PER_ADDRESS);
    this.#entries = new Int32Array((limit + 1) * ENTRY_WORDS);
    this.sums = new Float64Array(this.#entries.buffer);
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Returns the number of an address, given as four signed words as they lie in a record. No branch tests for an empty
   * slot: with more addresses than fit, the branch is unpredictable, and a misprediction costs more than the lookup.
   */
  find(a: number, b: number, c: number, d: number): number {
    const entries = this.#entries;
    const slot = mix(a, b, c, d) & this.#mask;
    const number = this.#slots[slot]!;
    const at = number * ENTRY_WORDS;
    const differs = (entries[at]! ^ a) | (entries[at + 1]! ^ b) | (entries[at + 2]! ^ c) | (entries[at + 3]! ^ d);
    // All ones or zero. An empty slot settles the search if the table is full; a used slot does if its address is this
    // one.
    const empty = (number - 1) >> 31;
    const unsettled = (empty & this.#room) | (~empty & differs);
    return unsettled === 0 ? number : this.#search(slot, a, b, c, d);
  }

  /** Adds to the sums of an address, or to those of all addresses without a number. */
  add(number: number, packets: number, bytes: number): void {
    this.sums[number * 4 + 2]! += packets;
    this.sums[number * 4 + 3]! += bytes;
  }

  #search(first: number, a: number, b: number, c: number, d: number): number {
    const entries = this.#entries;
    for (let slot = first; ; slot = (slot + 1) & this.#mask) {
      const number = this.#slots[slot]!;
      if (number === 0) return this.#room === 0 ? NO_NUMBER : this.#insert(slot, a, b, c, d);
      const at = number * ENTRY_WORDS;
      if (entries[at + 3] === d && entries[at + 2] === c && entries[at] === a && entries[at + 1] === b) return number;
    }
  }

  #insert(slot: number, a: number, b: number, c: number, d: number): number {
    const entries = this.#entries;
    const number = ++this.#size;
    if (number === this.#limit) this.#room = 0;
    const at = number * ENTRY_WORDS;
    entries[at] = a;
    entries[at + 1] = b;
    entries[at + 2] = c;
    entries[at + 3] = d;
    this.sums[4 * number + 2] = 0;
    this.sums[4 * number + 3] = 0;
    this.#slots[slot] = number;
    return number;
  }

  /** Returns the 16 bytes of the address with a number. */
  address(number: number): Uint8Array {
    const at = number * ENTRY_WORDS;
    return new Uint8Array(this.#entries.slice(at, at + 4).buffer);
  }

  clear(): void {
    this.#slots.fill(0);
    // Clear the sums of NO_NUMBER; `#insert` clears the others.
    this.sums.fill(0, 2, 4);
    this.#size = 0;
    this.#room = -1;
  }
}

function mix(a: number, b: number, c: number, d: number): number {
  let h = Math.imul(a, A) ^ Math.imul(b, B) ^ Math.imul(c, C) ^ Math.imul(d, D);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  return h ^ (h >>> 13);
}
