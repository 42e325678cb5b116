/** Counts packets and bytes by a small number, which is the index: no search, no eviction. */
import { makeVolumes, most, type Total, type Volumes } from './totals.ts';

export class DenseTable {
  readonly #volumes: Volumes;
  readonly #used: Uint32Array;
  #size = 0;

  constructor(places: number) {
    this.#volumes = makeVolumes(places);
    this.#used = new Uint32Array(places);
  }

  /** `packets`: at least 1. */
  add(place: number, packets: number, bytes: number): void {
    const volumes = this.#volumes;
    const before = volumes[place * 2]!;
    if (before === 0) this.#used[this.#size++] = place;
    volumes[place * 2] = before + packets;
    volumes[place * 2 + 1]! += bytes;
  }

  *all(): Generator<Total> {
    for (const place of this.#used.subarray(0, this.#size)) {
      yield { place, packets: this.#volumes[place * 2]!, bytes: this.#volumes[place * 2 + 1]! };
    }
  }

  top(count: number): Total[] {
    return most(this.#volumes, this.#used.subarray(0, this.#size), count);
  }

  clear(): void {
    for (const place of this.#used.subarray(0, this.#size)) this.#volumes.fill(0, place * 2, place * 2 + 2);
    this.#size = 0;
  }
}
