/**
 * The lists of buckets that are over, in memory that is there from the start and of one size: a loader that runs for
 * hours uses what it used in its first minute.
 */
import { formatAddress, parseAddress } from '@packetlog/common';
import { mostOf, TOP_LISTS, type TopBucket, type TopList, type Volume } from './top-bucket.ts';

/** Of each list. */
const KEPT = 16;
const ADDRESS_BYTES = 16;

/** A key in so many bytes. */
interface KeyCodec {
  readonly size: number;
  write(key: string, bytes: Uint8Array, at: number): void;
  read(bytes: Uint8Array, at: number): string;
}

const address: KeyCodec = {
  size: ADDRESS_BYTES,
  write: (key, bytes, at) => bytes.set(parseAddress(key), at),
  read: formatAddress,
};

/** Two keys with a space in between. */
function pairOf(codec: KeyCodec): KeyCodec {
  return {
    size: 2 * codec.size,
    write: (key, bytes, at) => {
      const [first = '', second = ''] = key.split(' ');
      codec.write(first, bytes, at);
      codec.write(second, bytes, at + codec.size);
    },
    read: (bytes, at) => `${codec.read(bytes, at)} ${codec.read(bytes, at + codec.size)}`,
  };
}

const number: KeyCodec = {
  size: 4,
  write: (key, bytes, at) => new DataView(bytes.buffer).setUint32(at, Number(key)),
  read: (bytes, at) => String(new DataView(bytes.buffer).getUint32(at)),
};

const CODECS: Readonly<Record<TopList, KeyCodec>> = {
  sources: address,
  ports: pairOf(number),
  pairs: pairOf(address),
  rules: number,
};

class PackedList {
  readonly #codec: KeyCodec;
  readonly #keys: Uint8Array;
  /** Packets and bytes of each, in turn. */
  readonly #volumes: Float64Array;
  readonly #counts: Uint8Array;

  constructor(codec: KeyCodec, buckets: number) {
    this.#codec = codec;
    // Written to, so that the system gives the memory now.
    this.#keys = new Uint8Array(buckets * KEPT * codec.size).fill(1);
    this.#volumes = new Float64Array(buckets * KEPT * 2).fill(1);
    this.#counts = new Uint8Array(buckets);
  }

  keep(bucket: number, most: readonly (readonly [string, Volume])[]): void {
    most.forEach(([key, { packets, bytes }], i) => {
      const entry = bucket * KEPT + i;
      this.#codec.write(key, this.#keys, entry * this.#codec.size);
      this.#volumes[2 * entry] = packets;
      this.#volumes[2 * entry + 1] = bytes;
    });
    this.#counts[bucket] = most.length;
  }

  *entries(bucket: number): Generator<[string, Volume]> {
    const first = bucket * KEPT;
    for (let entry = first; entry < first + (this.#counts[bucket] as number); entry++) {
      const [packets = 0, bytes = 0] = this.#volumes.subarray(2 * entry, 2 * entry + 2);
      yield [this.#codec.read(this.#keys, entry * this.#codec.size), { packets, bytes }];
    }
  }
}

export class PackedTops {
  readonly #lists: Readonly<Record<TopList, PackedList>>;

  constructor(buckets: number) {
    const lists = TOP_LISTS.map((list) => [list, new PackedList(CODECS[list], buckets)] as const);
    this.#lists = Object.fromEntries(lists) as Record<TopList, PackedList>;
  }

  /** The most of each of its lists, in place of what bucket `at` held. */
  keep(at: number, top: TopBucket): void {
    for (const list of TOP_LISTS) this.#lists[list].keep(at, mostOf(top.entries(list), KEPT));
  }

  forget(at: number): void {
    for (const list of TOP_LISTS) this.#lists[list].keep(at, []);
  }

  entries(at: number, list: TopList): Iterable<[string, Volume]> {
    return this.#lists[list].entries(at);
  }
}
