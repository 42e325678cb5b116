/**
 * Packets and bytes by address: open addressing in typed arrays, nothing allocated per packet.
 * Bounded: a new address that finds the table full is not kept, and the caller counts it.
 */
import { randomInt } from 'node:crypto';
import type { Totals } from './totals.ts';

/** Slots are numbered from 0; a number fits SLOT_BITS bits. */
export const SLOT_BITS = 14;
const SLOTS = 1 << SLOT_BITS;
const MAX_KEYS = SLOTS / 2;

/** `find` when the table is full. */
export const NO_SLOT = -1;

/** Of this process alone: who sends packets must not be able to choose addresses that all share one slot. */
const [A, B, C, D] = Array.from({ length: 4 }, () => randomInt(2 ** 32) | 1) as [number, number, number, number];

export class AddressTable implements Totals {
  /** By slot, since `clear`. */
  readonly packets = new Float64Array(SLOTS);
  readonly bytes = new Float64Array(SLOTS);
  readonly #keys = new Uint32Array(SLOTS * 4);
  /** A slot is used if it bears the current round: clearing is one addition. */
  readonly #rounds = new Uint32Array(SLOTS);
  readonly #used = new Uint32Array(MAX_KEYS);
  #round = 1;
  #size = 0;
  #last = NO_SLOT;

  /** The slot of an address, given as four words as they lie in a record. */
  find(a: number, b: number, c: number, d: number): number {
    const keys = this.#keys;
    const last = this.#last;
    // Neighbours are often of one sender.
    if (last >= 0) {
      const at = last * 4;
      if (keys[at + 3] === d && keys[at + 2] === c && keys[at] === a && keys[at + 1] === b) return last;
    }
    const rounds = this.#rounds;
    const round = this.#round;
    let slot = mix(a, b, c, d) & (SLOTS - 1);
    while (rounds[slot] === round) {
      const at = slot * 4;
      if (keys[at + 3] === d && keys[at + 2] === c && keys[at] === a && keys[at + 1] === b) {
        this.#last = slot;
        return slot;
      }
      slot = (slot + 1) & (SLOTS - 1);
    }
    if (this.#size === MAX_KEYS) return NO_SLOT;
    this.#used[this.#size++] = slot;
    rounds[slot] = round;
    keys[slot * 4] = a;
    keys[slot * 4 + 1] = b;
    keys[slot * 4 + 2] = c;
    keys[slot * 4 + 3] = d;
    this.packets[slot] = 0;
    this.bytes[slot] = 0;
    this.#last = slot;
    return slot;
  }

  /** The 16 bytes of the address in a slot. */
  address(slot: number): Uint8Array {
    return new Uint8Array(this.#keys.slice(slot * 4, slot * 4 + 4).buffer);
  }

  used(): Uint32Array {
    return this.#used.subarray(0, this.#size);
  }

  clear(): void {
    this.#round = (this.#round + 1) >>> 0 || 1;
    this.#size = 0;
    this.#last = NO_SLOT;
  }
}

function mix(a: number, b: number, c: number, d: number): number {
  let h = Math.imul(a, A) ^ Math.imul(b, B) ^ Math.imul(c, C) ^ Math.imul(d, D);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  return h ^ (h >>> 13);
}
