/** Top lists: sums of packets and bytes by the value of a field, over many blocks. */
import { formatAddress } from '../address/address.ts';
import type { PacketLogFieldName } from '../record/layout.ts';
import { AddressDictionary } from './address-column.ts';
import type { RecordColumns } from './columns.ts';
import { largest } from './largest.ts';
import { arePairFields, type PairColumns, type PairField } from './pair-sums.ts';
import type { RecordSums } from './sums-by-time.ts';

export type TopField = Exclude<PacketLogFieldName, 'timestamp_ns'>;
type AddressField = 'src_addr' | 'dst_addr';
/** What the sums are by: a field, or an address with a port. */
export type TopKey = TopField | readonly [AddressField, 'src_port' | 'dst_port'];

export interface TopEntry extends RecordSums {
  /** Addresses as text. */
  readonly value: number | string;
  /** Only if the key has a port. */
  readonly port?: number;
}

export interface Top {
  /** Those with the largest sums first; each sum is exact. */
  readonly entries: readonly TopEntry[];
  /** Sums of all records that are not in `entries`. */
  readonly others: RecordSums;
  /** Number of distinct keys that were counted. */
  readonly distinct: number;
  /** Sums of records whose key came when there were `maxKeys` already: a key that is missing has no more than these. */
  readonly beyond: RecordSums;
}

const MAX_KEYS = 262_144;
const FIRST_KEYS = 1024;
const NOT_YET = -2;

/**
 * Adds up blocks by a key. Exact for up to `maxKeys` distinct keys (262,144 unless given: about 16 MiB). Of further keys
 * only the sum of all is known; keys that were there before stay exact.
 */
export class SumsByKey {
  readonly #key: TopKey;
  readonly #keys: AddressDictionary;
  /** Of keys with a port: the addresses, so that a key is their number and the port. */
  readonly #addresses: AddressDictionary;
  #packets = new Float64Array(FIRST_KEYS);
  #bytes = new Float64Array(FIRST_KEYS);
  #records = new Float64Array(FIRST_KEYS);
  readonly #beyond = { packets: 0, bytes: 0, records: 0 };

  constructor(key: TopKey, maxKeys = MAX_KEYS) {
    this.#key = key;
    this.#keys = new AddressDictionary(maxKeys);
    this.#addresses = new AddressDictionary(maxKeys);
  }

  /** The columns that `add` reads; a block needs no others. */
  get columns(): ReadonlySet<PacketLogFieldName> {
    return new Set<PacketLogFieldName>([
      'weight',
      'length',
      ...(typeof this.#key === 'string' ? [this.#key] : this.#key),
    ]);
  }

  /** Adds the block's records, or those that `rows` marks with 1. */
  add(block: RecordColumns, rows?: Uint8Array): void {
    if (typeof this.#key !== 'string') this.#addPairs(block, this.#key[0], this.#key[1], rows);
    else if (this.#key === 'src_addr' || this.#key === 'dst_addr') this.#addAddresses(block, this.#key, rows);
    else this.#addNumbers(block, this.#key, rows);
  }

  /** Whether `addPairs` can be used: sums by pair have the key. */
  get isOfPairs(): boolean {
    return typeof this.#key === 'string' && arePairFields([this.#key]);
  }

  /** Adds sums by pair, or those that `rows` marks with 1. @throws TypeError if they lack the key or bytes. */
  addPairs(pairs: PairColumns, rows?: Uint8Array): void {
    const { count, packets, bytes, records } = pairs;
    if (bytes === undefined) throw new TypeError('The bytes of the sums by pair were not read.');
    const numberOf = this.#numbersOf(pairs);
    for (let i = 0; i < count; i++) {
      if (rows !== undefined && rows[i] !== 1) continue;
      this.#add(numberOf(i), packets[i] as number, bytes[i] as number, records[i] as number);
    }
  }

  top(count: number, by: keyof RecordSums = 'packets'): Top {
    const sums = { packets: this.#packets, bytes: this.#bytes, records: this.#records }[by];
    const { size } = this.#keys;
    const first = largest(sums.subarray(0, size), count);
    const others = { ...this.#beyond };
    for (let i = 0; i < size; i++) this.#addTo(others, i);
    for (const i of first) this.#addTo(others, i, -1);
    return { entries: first.map((i) => this.#entry(i)), others, distinct: size, beyond: { ...this.#beyond } };
  }

  /** Adds up by the numbers of the block's dictionary first: an address is looked up once per block. */
  #addAddresses(block: RecordColumns, field: AddressField, rows?: Uint8Array): void {
    const { count, weight, length } = block;
    const { dictionary, indexes } = block[field];
    const size = dictionary.length / 16;
    const packets = new Float64Array(size);
    const bytes = new Float64Array(size);
    const records = new Float64Array(size);
    for (let i = 0; i < count; i++) {
      if (rows !== undefined && rows[i] !== 1) continue;
      const index = indexes[i] as number;
      const each = weight[i] as number;
      packets[index] = (packets[index] as number) + each;
      bytes[index] = (bytes[index] as number) + each * (length[i] as number);
      records[index] = (records[index] as number) + 1;
    }
    const words = wordsOf(dictionary);
    for (let index = 0; index < size; index++) {
      if (records[index] === 0) continue;
      const key = addressIndex(this.#keys, words, index);
      this.#add(key, packets[index] as number, bytes[index] as number, records[index] as number);
    }
  }

  #addNumbers(block: RecordColumns, field: Exclude<TopField, AddressField>, rows?: Uint8Array): void {
    const column = block[field];
    const { count, weight, length } = block;
    for (let i = 0; i < count; i++) {
      if (rows !== undefined && rows[i] !== 1) continue;
      const packets = weight[i] as number;
      this.#add(this.#keys.indexOf((column[i] as number) | 0, 0, 0, 0), packets, packets * (length[i] as number), 1);
    }
  }

  #addPairs(block: RecordColumns, address: AddressField, port: 'src_port' | 'dst_port', rows?: Uint8Array): void {
    const { count, weight, length } = block;
    const { indexes } = block[address];
    const ports = block[port];
    const words = wordsOf(block[address].dictionary);
    // Of the block's addresses, in all blocks; only of those that have records, so that others take no room.
    const numbers = new Int32Array(words.length / 4).fill(NOT_YET);
    for (let i = 0; i < count; i++) {
      if (rows !== undefined && rows[i] !== 1) continue;
      const packets = weight[i] as number;
      const index = indexes[i] as number;
      let number = numbers[index] as number;
      if (number === NOT_YET) {
        number = addressIndex(this.#addresses, words, index);
        numbers[index] = number;
      }
      const key = number < 0 ? -1 : this.#keys.indexOf(number, ports[i] as number, 0, 0);
      this.#add(key, packets, packets * (length[i] as number), 1);
    }
  }

  /** Returns a function that finds the key of an entry; an address is looked up once. */
  #numbersOf(pairs: PairColumns): (i: number) => number {
    const field = this.#key;
    if (field === 'src_addr' || field === 'dst_addr') {
      const { dictionary, indexes } = pairs[field];
      const words = wordsOf(dictionary);
      const numbers = new Int32Array(words.length / 4).fill(NOT_YET);
      return (i) => {
        const index = indexes[i] as number;
        const known = numbers[index] as number;
        if (known !== NOT_YET) return known;
        numbers[index] = addressIndex(this.#keys, words, index);
        return numbers[index] as number;
      };
    }
    if (!this.isOfPairs) throw new TypeError(`Sums by pair have no ${field}.`);
    const column = pairs[field as Exclude<PairField, AddressField>];
    return (i) => this.#keys.indexOf((column[i] as number) | 0, 0, 0, 0);
  }

  #add(key: number, packets: number, bytes: number, records: number): void {
    if (key < 0) {
      this.#beyond.packets += packets;
      this.#beyond.bytes += bytes;
      this.#beyond.records += records;
      return;
    }
    if (key >= this.#packets.length) this.#grow();
    this.#packets[key] = (this.#packets[key] as number) + packets;
    this.#bytes[key] = (this.#bytes[key] as number) + bytes;
    this.#records[key] = (this.#records[key] as number) + records;
  }

  #grow(): void {
    const twice = (from: Float64Array) => {
      const to = new Float64Array(2 * from.length);
      to.set(from);
      return to;
    };
    this.#packets = twice(this.#packets);
    this.#bytes = twice(this.#bytes);
    this.#records = twice(this.#records);
  }

  #entry(i: number): TopEntry {
    const sums = { packets: 0, bytes: 0, records: 0 };
    this.#addTo(sums, i);
    const [a, b] = this.#keys.wordsAt(i);
    if (typeof this.#key !== 'string') return { value: formatAddress(this.#addresses.bytesAt(a)), port: b, ...sums };
    const isAddress = this.#key === 'src_addr' || this.#key === 'dst_addr';
    return { value: isAddress ? formatAddress(this.#keys.bytesAt(i)) : a >>> 0, ...sums };
  }

  /** `times`: -1 subtracts. */
  #addTo(sums: { packets: number; bytes: number; records: number }, i: number, times = 1): void {
    sums.packets += times * (this.#packets[i] as number);
    sums.bytes += times * (this.#bytes[i] as number);
    sums.records += times * (this.#records[i] as number);
  }
}

function addressIndex(into: AddressDictionary, words: Int32Array, i: number): number {
  const at = 4 * i;
  return into.indexOf(words[at] as number, words[at + 1] as number, words[at + 2] as number, words[at + 3] as number);
}

/** Copies a dictionary that is not aligned. */
function wordsOf(dictionary: Uint8Array): Int32Array {
  const aligned = dictionary.byteOffset % 4 === 0 ? dictionary : dictionary.slice();
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}
