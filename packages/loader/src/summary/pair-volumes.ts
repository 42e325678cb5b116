/**
 * Counts packets and bytes by source and destination, given as numbers of two AddressTables. A machine has few
 * addresses, so the first destinations have an entry for every source: one store, no search. Traffic to the first
 * destination is summed with the source. Addresses without a number count as one more source and one more destination.
 */
import { type AddressTable, NO_NUMBER } from './address-table.ts';
import { makeVolumes, most, type Total, type Volumes } from './totals.ts';

/** The destination that is summed with the source. */
export const FIRST = 1;

export class PairVolumes {
  readonly #sources: AddressTable;
  readonly #width: number;
  /**
   * A row for each destination but the first, preceded by the row of addresses without a number; each row has an entry
   * for each source.
   */
  readonly #volumes: Volumes;

  /** `sources` and `destinations`: the maximum of their numbers. */
  constructor(table: AddressTable, sources: number, destinations: number) {
    this.#sources = table;
    this.#width = sources + 1;
    this.#volumes = makeVolumes(destinations * this.#width);
  }

  /** `destination`: any but `FIRST`, whose traffic is added in the table of sources. */
  add(source: number, destination: number, packets: number, bytes: number): void {
    const at = this.#start(destination) + source * 2;
    this.#volumes[at]! += packets;
    this.#volumes[at + 1]! += bytes;
  }

  /** Returns the pairs, most packets first, among the destinations up to that number. */
  topPairs(destinations: number, count: number): (Omit<Total, 'index'> & { source: number; destination: number })[] {
    const sources = this.#sources.size;
    const all = makeVolumes(destinations * sources);
    for (let destination = FIRST; destination <= destinations; destination++) {
      this.#addTo(all.subarray((destination - 1) * sources * 2), destination);
    }
    return most(all, Array(destinations * sources).keys(), count).map(({ index, packets, bytes }) => ({
      source: (index % sources) + 1,
      destination: Math.floor(index / sources) + 1,
      packets,
      bytes,
    }));
  }

  topSources(destinations: number, count: number): (Omit<Total, 'index'> & { source: number })[] {
    const sources = this.#sources.size;
    const all = makeVolumes(sources);
    for (let destination = NO_NUMBER; destination <= destinations; destination++) this.#addTo(all, destination);
    return most(all, Array(sources).keys(), count).map(({ index, packets, bytes }) => ({
      source: index + 1,
      packets,
      bytes,
    }));
  }

  /** Returns the packets from or to addresses without a number. */
  evicted(destinations: number): number {
    let packets = 0;
    const [to, start, step] = this.#row(NO_NUMBER);
    for (let source = NO_NUMBER; source <= this.#sources.size; source++) packets += to[start + source * step]!;
    for (let destination = FIRST; destination <= destinations; destination++) {
      const [from, first] = this.#row(destination);
      packets += from[first]!;
    }
    return packets;
  }

  /** Sets everything to zero; call before the sources are cleared. */
  clear(destinations: number): void {
    for (let destination = NO_NUMBER; destination <= destinations; destination++) {
      const row = this.#start(destination);
      if (destination !== FIRST) this.#volumes.fill(0, row, row + (this.#sources.size + 1) * 2);
    }
  }

  /** Returns the index of source 0's packets, and the step to the next source's. */
  #row(destination: number): readonly [volumes: Volumes, start: number, step: number] {
    return destination === FIRST ? [this.#sources.sums, 2, 4] : [this.#volumes, this.#start(destination), 2];
  }

  #start(destination: number): number {
    return (destination === NO_NUMBER ? 0 : destination - FIRST) * this.#width * 2;
  }

  /** Adds the sources that have a number, from index 0 on. */
  #addTo(sums: Volumes, destination: number): void {
    const [from, start, step] = this.#row(destination);
    for (let index = 0; index < this.#sources.size; index++) {
      const at = start + (index + 1) * step;
      sums[index * 2]! += from[at]!;
      sums[index * 2 + 1]! += from[at + 1]!;
    }
  }
}
