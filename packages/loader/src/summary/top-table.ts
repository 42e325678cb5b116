/**
 * Packets and bytes by a key of 16 bytes: open addressing in typed arrays, nothing allocated per
 * packet. Bounded: a new key that finds the table full is counted as evicted, never dropped silently.
 */
import { randomInt } from 'node:crypto';

const SLOTS = 16_384;
const MAX_KEYS = SLOTS / 2;

export interface TopEntry {
  /** Four 32-bit words as given to `add`. */
  key: readonly [number, number, number, number];
  packets: number;
  bytes: number;
}

export class TopTable {
  readonly #keys = new Uint32Array(SLOTS * 4);
  readonly #packets = new Float64Array(SLOTS);
  readonly #bytes = new Float64Array(SLOTS);
  /** A slot is used if it bears the current round: clearing is one addition. */
  readonly #rounds = new Uint32Array(SLOTS);
  readonly #used = new Uint32Array(MAX_KEYS);
  #round = 1;
  #size = 0;
  /** Packets whose key found no room since `clear`. */
  evicted = 0;

  add(a: number, b: number, c: number, d: number, packets: number, bytes: number): void {
    const keys = this.#keys;
    let slot = mix(a, b, c, d) & (SLOTS - 1);
    while (this.#rounds[slot] === this.#round) {
      const at = slot * 4;
      if (keys[at] === a && keys[at + 1] === b && keys[at + 2] === c && keys[at + 3] === d) {
        this.#packets[slot]! += packets;
        this.#bytes[slot]! += bytes;
        return;
      }
      slot = (slot + 1) & (SLOTS - 1);
    }
    if (this.#size === MAX_KEYS) {
      this.evicted += packets;
      return;
    }
    this.#used[this.#size++] = slot;
    this.#rounds[slot] = this.#round;
    keys[slot * 4] = a;
    keys[slot * 4 + 1] = b;
    keys[slot * 4 + 2] = c;
    keys[slot * 4 + 3] = d;
    this.#packets[slot] = packets;
    this.#bytes[slot] = bytes;
  }

  /** The keys with most packets, most first. */
  top(count: number): TopEntry[] {
    const slots = Array.from(this.#used.subarray(0, this.#size));
    slots.sort((x, y) => (this.#packets[y] ?? 0) - (this.#packets[x] ?? 0));
    return slots.slice(0, count).map((slot) => {
      const [a = 0, b = 0, c = 0, d = 0] = this.#keys.subarray(slot * 4, slot * 4 + 4);
      return { key: [a, b, c, d], packets: this.#packets[slot] ?? 0, bytes: this.#bytes[slot] ?? 0 };
    });
  }

  clear(): void {
    this.#round = (this.#round + 1) >>> 0 || 1;
    this.#size = 0;
    this.evicted = 0;
  }
}

/** Of this process alone: who sends packets must not be able to choose addresses that all share one slot. */
const [A, B, C, D] = Array.from({ length: 4 }, () => randomInt(2 ** 32) | 1) as [number, number, number, number];

function mix(a: number, b: number, c: number, d: number): number {
  let h = Math.imul(a, A) ^ Math.imul(b, B) ^ Math.imul(c, C) ^ Math.imul(d, D);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  return h ^ (h >>> 13);
}
