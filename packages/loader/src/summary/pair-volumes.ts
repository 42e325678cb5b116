/**
 * Packets and bytes by source and destination, given as numbers of two AddressTables. A machine has
 * few addresses of its own, so the first destinations have a place with every source: one store, no
 * search. What goes to the very first is summed beside the source itself; what goes to those without
 * a number is summed by source alone.
 */
import type { AddressTable } from './address-table.ts';
import { makeVolumes, most, type Total, type Volumes } from './totals.ts';

export class PairVolumes {
  readonly #sources: AddressTable;
  readonly #width: number;
  readonly #destinations: number;
  /** (destination - 1) * width + source; the last row is of those without a number. */
  readonly #volumes: Volumes;

  /** `width` and `destinations`: the limits of both tables. */
  constructor(sources: AddressTable, width: number, destinations: number) {
    this.#sources = sources;
    this.#width = width;
    this.#destinations = destinations;
    this.#volumes = makeVolumes(destinations * width);
  }

  /** `destination`: negative for one that has no number. */
  add(source: number, destination: number, packets: number, bytes: number): void {
    if (destination === 0) {
      const { sums } = this.#sources;
      sums[source * 4 + 2]! += packets;
      sums[source * 4 + 3]! += bytes;
      return;
    }
    const at = this.#row(destination) + source * 2;
    this.#volumes[at]! += packets;
    this.#volumes[at + 1]! += bytes;
  }

  /** Most packets first, among the first so many destinations. */
  topPairs(destinations: number, count: number): (Omit<Total, 'place'> & { source: number; destination: number })[] {
    const sources = this.#sources.size;
    const all = makeVolumes(destinations * sources);
    for (let destination = 0; destination < destinations; destination++) {
      this.#addTo(all.subarray(destination * sources * 2), destination);
    }
    return most(all, Array(destinations * sources).keys(), count).map(({ place, packets, bytes }) => ({
      source: place % sources,
      destination: Math.floor(place / sources),
      packets,
      bytes,
    }));
  }

  topSources(destinations: number, count: number): Total[] {
    const sources = this.#sources.size;
    const all = makeVolumes(sources);
    for (const destination of [...Array(destinations).keys(), -1]) this.#addTo(all, destination);
    return most(all, Array(sources).keys(), count);
  }

  /** All is zero again; call before the sources are cleared. */
  clear(destinations: number): void {
    for (const destination of [...Array(destinations).keys(), -1]) {
      const row = this.#row(destination);
      if (destination !== 0) this.#volumes.fill(0, row, row + this.#sources.size * 2);
    }
  }

  #row(destination: number): number {
    return ((destination < 0 ? this.#destinations : destination) - 1) * this.#width * 2;
  }

  #addTo(sums: Volumes, destination: number): void {
    const row = this.#row(destination);
    const [from, start, step] = destination === 0 ? [this.#sources.sums, 2, 4] : [this.#volumes, row, 2];
    for (let source = 0; source < this.#sources.size; source++) {
      sums[source * 2]! += from[start + source * step]!;
      sums[source * 2 + 1]! += from[start + source * step + 1]!;
    }
  }
}
