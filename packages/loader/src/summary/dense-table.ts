/** Counts packets and bytes by a small number, which is the index: no search, no eviction. */
import { makeVolumes, most, type Total, type Volumes } from './totals.ts';

export class DenseTable {
  readonly #volumes: Volumes;
  readonly #used: Uint32Array;
  #size = 0;

  constructor(size: number) {
    this.#volumes = makeVolumes(size);
    this.#used = new Uint32Array(size);
  }

  /** `packets`: at least 1. */
  add(index: number, packets: number, bytes: number): void {
    const volumes = this.#volumes;
    const previous = volumes[index * 2]!;
    if (previous === 0) this.#used[this.#size++] = index;
    volumes[index * 2] = previous + packets;
    volumes[index * 2 + 1]! += bytes;
  }

  *all(): Generator<Total> {
    for (const index of this.#used.subarray(0, this.#size)) {
      yield { index, packets: this.#volumes[index * 2]!, bytes: this.#volumes[index * 2 + 1]! };
    }
  }

  top(count: number): Total[] {
    return most(this.#volumes, this.#used.subarray(0, this.#size), count);
  }

  clear(): void {
    for (const index of this.#used.subarray(0, this.#size)) this.#volumes.fill(0, index * 2, index * 2 + 2);
    this.#size = 0;
  }
}
