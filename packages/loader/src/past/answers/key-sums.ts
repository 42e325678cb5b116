/** Sums of packets by keys of four words: exact for a limited number of keys, and one sum for all further ones. */
import { AddressDictionary } from '@packetlog/common';

export interface VolumeSums {
  packets: number;
  bytes: number;
  records: number;
}

export interface KeyEntry {
  /** Number of the key, from 0 in the order of their first records. */
  readonly key: number;
  readonly packets: number;
  readonly bytes: number;
}

export interface KeyTop {
  readonly entries: readonly KeyEntry[];
  /** Of all that are not in `entries`. */
  readonly others: { readonly packets: number; readonly bytes: number };
}

const FIRST_KEYS = 1024;

export class KeySums {
  readonly #keys: AddressDictionary;
  /** Of keys for which there was no room. */
  readonly beyond: VolumeSums = { packets: 0, bytes: 0, records: 0 };
  #packets = new Float64Array(FIRST_KEYS);
  #bytes = new Float64Array(FIRST_KEYS);

  constructor(maxKeys: number) {
    this.#keys = new AddressDictionary(maxKeys);
  }

  get size(): number {
    return this.#keys.size;
  }

  /** Returns the number of the key, which is added if it is new; -1 if there is no room for it. */
  numberOf(a: number, b: number, c: number, d: number): number {
    return this.#keys.indexOf(a, b, c, d);
  }

  /** Adds to a key, given by its number. */
  addTo(key: number, sums: VolumeSums): void {
    if (key < 0) {
      this.beyond.packets += sums.packets;
      this.beyond.bytes += sums.bytes;
      this.beyond.records += sums.records;
      return;
    }
    if (key >= this.#packets.length) this.#grow();
    this.#packets[key] = (this.#packets[key] as number) + sums.packets;
    this.#bytes[key] = (this.#bytes[key] as number) + sums.bytes;
  }

  /** Adds to a key of at most two words. */
  add(a: number, b: number, sums: VolumeSums): void {
    this.addTo(this.numberOf(a, b, 0, 0), sums);
  }

  /** Returns the 16 bytes of a key. */
  bytesOf(key: number): Uint8Array {
    return this.#keys.bytesAt(key);
  }

  sumsOf(key: number): { readonly packets: number; readonly bytes: number } {
    return { packets: this.#packets[key] as number, bytes: this.#bytes[key] as number };
  }

  wordsOf(key: number): readonly [number, number] {
    return this.#keys.wordsAt(key);
  }

  /** The keys with the most packets; of equal ones the earlier. */
  top(count: number): KeyTop {
    const order = Uint32Array.from({ length: this.size }, (_, key) => key);
    order.sort((one, other) => (this.#packets[other] as number) - (this.#packets[one] as number) || one - other);
    const others = { packets: this.beyond.packets, bytes: this.beyond.bytes };
    for (const key of order.subarray(count)) {
      others.packets += this.#packets[key] as number;
      others.bytes += this.#bytes[key] as number;
    }
    const entries = Array.from(order.subarray(0, count), (key) => ({
      key,
      packets: this.#packets[key] as number,
      bytes: this.#bytes[key] as number,
    }));
    return { entries, others };
  }

  #grow(): void {
    const twice = (from: Float64Array) => {
      const to = new Float64Array(2 * from.length);
      to.set(from);
      return to;
    };
    this.#packets = twice(this.#packets);
    this.#bytes = twice(this.#bytes);
  }
}
