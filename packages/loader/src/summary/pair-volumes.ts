/**
 * Packets and bytes by source and destination, given as numbers of two AddressTables. A machine has
 * few addresses of its own, so the first destinations have a place with every source: one store, no
 * search. What goes to further ones is summed by source alone.
 */
import { makeVolumes, most, type Total, type Volumes } from './totals.ts';

export class PairVolumes {
  readonly #sources: number;
  readonly #destinations: number;
  /** destination * sources + source; the last row is of all other destinations. */
  readonly #volumes: Volumes;

  constructor(sources: number, destinations: number) {
    this.#sources = sources;
    this.#destinations = destinations;
    this.#volumes = makeVolumes((destinations + 1) * sources);
  }

  /** `destination`: negative for one that has no place. */
  add(source: number, destination: number, packets: number, bytes: number): void {
    const row = destination < 0 ? this.#destinations : destination;
    const at = (row * this.#sources + source) * 2;
    this.#volumes[at]! += packets;
    this.#volumes[at + 1]! += bytes;
  }

  /** Most packets first, among the first so many sources and destinations. */
  topPairs(
    sources: number,
    destinations: number,
    count: number,
  ): (Omit<Total, 'place'> & { source: number; destination: number })[] {
    return most(this.#volumes, this.#places(sources, destinations), count).map(({ place, packets, bytes }) => ({
      source: place % this.#sources,
      destination: Math.floor(place / this.#sources),
      packets,
      bytes,
    }));
  }

  topSources(sources: number, destinations: number, count: number): Total[] {
    const sums = makeVolumes(sources);
    for (const row of [...Array(destinations).keys(), this.#destinations]) {
      const start = row * this.#sources * 2;
      for (let i = 0; i < sources * 2; i++) sums[i]! += this.#volumes[start + i]!;
    }
    return most(sums, Array(sources).keys(), count);
  }

  /** What the first so many sources and destinations have is zero again. */
  clear(sources: number, destinations: number): void {
    for (const row of [...Array(destinations).keys(), this.#destinations]) {
      const start = row * this.#sources * 2;
      this.#volumes.fill(0, start, start + sources * 2);
    }
  }

  *#places(sources: number, destinations: number): Generator<number> {
    for (let row = 0; row < destinations; row++) {
      for (let source = 0; source < sources; source++) yield row * this.#sources + source;
    }
  }
}
