/**
 * Numbers addresses in the order of their coming: open addressing in typed arrays, nothing
 * allocated per packet. Bounded: an address that finds the table full gets no number.
 *
 * ```
 *  entry   ┌─────────────────────────────┬───────┬────────┬─────────┐
 *          │ address, four 32-bit words  │ round │ number │         │   32 bytes, half a cache line
 *          └─────────────────────────────┴───────┴────────┴─────────┘
 * ```
 */
import { randomInt } from 'node:crypto';

const ENTRY_WORDS = 8;
const ROUND = 4;
const NUMBER = 5;

/** `find` when the table is full. */
export const NO_NUMBER = -1;

/** Of this process alone: who sends packets must not be able to choose addresses that all share one slot. */
const [A, B, C, D] = Array.from({ length: 4 }, () => randomInt(2 ** 32) | 1) as [number, number, number, number];

export class AddressTable {
  readonly #limit: number;
  readonly #mask: number;
  /** Signed, here and in what is asked for: an unsigned word over 2^31 would be an object on V8's heap. */
  readonly #entries: Int32Array;
  /** Where the entry of each number is. */
  readonly #places: Uint32Array;
  /** An entry is used if it bears the current round: clearing is one addition. */
  #round = 1;
  #size = 0;

  /** `limit`: a power of two of addresses. */
  constructor(limit: number) {
    this.#limit = limit;
    this.#mask = limit * 2 - 1;
    this.#entries = new Int32Array(limit * 2 * ENTRY_WORDS);
    this.#places = new Uint32Array(limit);
  }

  get size(): number {
    return this.#size;
  }

  /** The number of an address, given as four signed words as they lie in a record; from 0 on. */
  find(a: number, b: number, c: number, d: number): number {
    const entries = this.#entries;
    const round = this.#round;
    let slot = mix(a, b, c, d);
    for (;;) {
      slot &= this.#mask;
      const at = slot * ENTRY_WORDS;
      if (entries[at + ROUND] !== round) return this.#insert(at, a, b, c, d);
      if (entries[at + 3] === d && entries[at + 2] === c && entries[at] === a && entries[at + 1] === b) {
        return entries[at + NUMBER]!;
      }
      slot++;
    }
  }

  #insert(at: number, a: number, b: number, c: number, d: number): number {
    if (this.#size === this.#limit) return NO_NUMBER;
    const number = this.#size++;
    this.#entries.set([a, b, c, d, this.#round, number], at);
    this.#places[number] = at;
    return number;
  }

  /** The 16 bytes of the address with a number. */
  address(number: number): Uint8Array {
    const at = this.#places[number] ?? 0;
    return new Uint8Array(this.#entries.slice(at, at + 4).buffer);
  }

  clear(): void {
    this.#round = (this.#round + 1) | 0 || 1;
    this.#size = 0;
  }
}

function mix(a: number, b: number, c: number, d: number): number {
  let h = Math.imul(a, A) ^ Math.imul(b, B) ^ Math.imul(c, C) ^ Math.imul(d, D);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  return h ^ (h >>> 13);
}
