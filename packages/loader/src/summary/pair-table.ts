/** Packets and bytes by a pair of slots of two AddressTables. Bounded like those. */
import { SLOT_BITS } from './address-table.ts';
import type { Totals } from './totals.ts';

const SLOTS = 32_768;
const MAX_KEYS = SLOTS / 2;

export class PairTable implements Totals {
  readonly packets = new Float64Array(SLOTS);
  readonly bytes = new Float64Array(SLOTS);
  readonly #keys = new Uint32Array(SLOTS);
  readonly #rounds = new Uint32Array(SLOTS);
  readonly #used = new Uint32Array(MAX_KEYS);
  #round = 1;
  #size = 0;

  /** False if the pair is new and the table is full. */
  add(source: number, destination: number, packets: number, bytes: number): boolean {
    const key = (source << SLOT_BITS) | destination;
    const rounds = this.#rounds;
    let slot = (Math.imul(key, 0x9e3779b1) >>> 15) & (SLOTS - 1);
    while (rounds[slot] === this.#round) {
      if (this.#keys[slot] === key) {
        this.packets[slot]! += packets;
        this.bytes[slot]! += bytes;
        return true;
      }
      slot = (slot + 1) & (SLOTS - 1);
    }
    if (this.#size === MAX_KEYS) return false;
    this.#used[this.#size++] = slot;
    rounds[slot] = this.#round;
    this.#keys[slot] = key;
    this.packets[slot] = packets;
    this.bytes[slot] = bytes;
    return true;
  }

  /** Slots of source and destination. */
  pair(place: number): { source: number; destination: number } {
    const key = this.#keys[place] ?? 0;
    return { source: key >>> SLOT_BITS, destination: key & ((1 << SLOT_BITS) - 1) };
  }

  used(): Uint32Array {
    return this.#used.subarray(0, this.#size);
  }

  clear(): void {
    this.#round = (this.#round + 1) >>> 0 || 1;
    this.#size = 0;
  }
}
