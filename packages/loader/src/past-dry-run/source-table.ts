/** Sums of packets by source over many blocks: a source is looked up once per block. */
import { type AddressColumn, type AddressDictionary, formatAddress } from '@packetlog/common';

export interface Packets {
  packets: number;
  bytes: number;
}

export interface DeniedSource {
  readonly addr: string;
  /** All that would be denied. */
  readonly all: Packets;
  /** The part that was not denied then. */
  readonly newly: Packets;
  /** The part of `newly` that looks like open TCP connections. */
  readonly established: number;
}

export function addTo(sum: Packets, packets: number, bytes: number): void {
  sum.packets += packets;
  sum.bytes += bytes;
}

/** Sums of one source, in this order. */
const PACKETS = 0;
const BYTES = 1;
const NEW_PACKETS = 2;
const NEW_BYTES = 3;
const ESTABLISHED = 4;
const SUMS = 5;
const FIRST_SOURCES = 1024;
const NO_RECORD = -1;

export class SourceTable {
  readonly #keys: AddressDictionary;
  #sums = new Float64Array(FIRST_SOURCES * SUMS);
  /** Sources with packets that were not denied then. */
  newSources = 0;
  /** Packets of sources for which the table had no room. */
  beyond = 0;

  /** `keys`: empty; has the largest number of sources. */
  constructor(keys: AddressDictionary) {
    this.#keys = keys;
  }

  /** Starts to add the records of a block. */
  block(column: AddressColumn): BlockSources {
    return new BlockSources(column, (...entry) => this.#add(...entry));
  }

  get size(): number {
    return this.#keys.size;
  }

  /** Sources by number, from 0 to `size` - 1. */
  entry(source: number): DeniedSource {
    const sum = (which: number) => this.#sums[source * SUMS + which] as number;
    return {
      addr: formatAddress(this.address(source)),
      all: { packets: sum(PACKETS), bytes: sum(BYTES) },
      newly: { packets: sum(NEW_PACKETS), bytes: sum(NEW_BYTES) },
      established: sum(ESTABLISHED),
    };
  }

  /** Returns a copy of the source's address, 16 bytes. */
  address(source: number): Uint8Array {
    return this.#keys.bytesAt(source);
  }

  newlyDenied(source: number): number {
    return this.#sums[source * SUMS + NEW_PACKETS] as number;
  }

  established(source: number): number {
    return this.#sums[source * SUMS + ESTABLISHED] as number;
  }

  /** Returns the sources with the most packets that were not denied then; of equal ones, those with the most in all. */
  largest(count: number): DeniedSource[] {
    const sums = this.#sums;
    const order = (a: number, b: number) =>
      (sums[b * SUMS + NEW_PACKETS] as number) - (sums[a * SUMS + NEW_PACKETS] as number) ||
      (sums[b * SUMS + PACKETS] as number) - (sums[a * SUMS + PACKETS] as number);
    return Array.from({ length: this.size }, (_, i) => i)
      .sort(order)
      .slice(0, count)
      .map((source) => this.entry(source));
  }

  /** Adds the sums of a block's entry. Returns whether the source has its first packets that were not denied then. */
  #add(words: Int32Array, entry: number, sums: Float64Array): boolean {
    const word = 4 * entry;
    const from = SUMS * entry;
    const key = this.#keys.indexOf(
      words[word] as number,
      words[word + 1] as number,
      words[word + 2] as number,
      words[word + 3] as number,
    );
    if (key < 0) {
      this.beyond += sums[from + PACKETS] as number;
      return false;
    }
    const at = key * SUMS;
    if (at + SUMS > this.#sums.length) this.#grow();
    const isFirst = this.#sums[at + NEW_PACKETS] === 0 && (sums[from + NEW_PACKETS] as number) > 0;
    for (let i = 0; i < SUMS; i++) this.#sums[at + i] = (this.#sums[at + i] as number) + (sums[from + i] as number);
    if (isFirst) this.newSources++;
    return isFirst;
  }

  #grow(): void {
    const twice = new Float64Array(2 * this.#sums.length);
    twice.set(this.#sums);
    this.#sums = twice;
  }
}

/** Adds the sums of an entry of a dictionary, given as words, to the table. */
type AddEntry = (words: Int32Array, entry: number, sums: Float64Array) => boolean;

/** Sums by the entries of a block's dictionary. */
export class BlockSources {
  readonly #words: Int32Array;
  readonly #indexes: AddressColumn['indexes'];
  readonly #sums: Float64Array;
  /** The first record of each entry that was not denied then. */
  readonly #first: Int32Array;
  readonly #addEntry: AddEntry;

  constructor({ dictionary, indexes }: AddressColumn, addEntry: AddEntry) {
    const aligned = dictionary.byteOffset % 4 === 0 ? dictionary : new Uint8Array(dictionary);
    this.#words = new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
    this.#indexes = indexes;
    this.#sums = new Float64Array((this.#words.length / 4) * SUMS);
    this.#first = new Int32Array(this.#words.length / 4).fill(NO_RECORD);
    this.#addEntry = addEntry;
  }

  /** Adds record `i`. `isNew`: it was not denied then. `isEstablished`: and it looks like an open connection. */
  add(i: number, packets: number, bytes: number, isNew: boolean, isEstablished: boolean): void {
    const entry = this.#indexes[i] as number;
    const at = entry * SUMS;
    this.#plus(at + PACKETS, packets);
    this.#plus(at + BYTES, bytes);
    if (!isNew) return;
    this.#plus(at + NEW_PACKETS, packets);
    this.#plus(at + NEW_BYTES, bytes);
    if (isEstablished) this.#plus(at + ESTABLISHED, packets);
    if (this.#first[entry] === NO_RECORD) this.#first[entry] = i;
  }

  /** Adds the sums to the table. Returns the first records of sources that are new in it, at most `examples`. */
  end(examples: number): number[] {
    const found: number[] = [];
    for (let entry = 0; entry < this.#first.length; entry++) {
      if (this.#sums[entry * SUMS + PACKETS] === 0) continue;
      const isFirst = this.#addEntry(this.#words, entry, this.#sums);
      if (isFirst && found.length < examples) found.push(this.#first[entry] as number);
    }
    return found;
  }

  #plus(at: number, value: number): void {
    this.#sums[at] = (this.#sums[at] as number) + value;
  }
}
