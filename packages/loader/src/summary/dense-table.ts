/** Packets and bytes by a small number, one place each: nothing to search, nothing to evict. */
import type { Totals } from './totals.ts';

export class DenseTable implements Totals {
  readonly packets: Float64Array;
  readonly bytes: Float64Array;
  readonly #used: Uint32Array;
  #size = 0;

  constructor(places: number) {
    this.packets = new Float64Array(places);
    this.bytes = new Float64Array(places);
    this.#used = new Uint32Array(places);
  }

  /** `packets`: at least 1. */
  add(place: number, packets: number, bytes: number): void {
    const before = this.packets[place]!;
    if (before === 0) this.#used[this.#size++] = place;
    this.packets[place] = before + packets;
    this.bytes[place]! += bytes;
  }

  used(): Uint32Array {
    return this.#used.subarray(0, this.#size);
  }

  clear(): void {
    for (const place of this.used()) {
      this.packets[place] = 0;
      this.bytes[place] = 0;
    }
    this.#size = 0;
  }
}
