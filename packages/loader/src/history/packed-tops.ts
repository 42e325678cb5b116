/**
 * Stores the lists of closed buckets in arrays of fixed size. The kernel provides their memory page by page, as buckets
 * close: 3 MiB after twelve hours, nothing in a loader without packets.
 */
import { formatAddress, parseAddress } from '@packetlog/common';
import type { Volume } from '../ipc/rule-counts.ts';
import { mostOf, TOP_LISTS, type TopBucket, type TopList } from './top-bucket.ts';

/** Maximum entries of each list. */
const KEPT = 16;
const ADDRESS_BYTES = 16;

/** Encodes a key in `size` bytes. */
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

/** Encodes two keys with a space in between. */
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
  write: (key, bytes, at) => new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, Number(key)),
  read: (bytes, at) => String(new DataView(bytes.buffer, bytes.byteOffset).getUint32(at)),
};

/** Called with each entry. The key is packed: its bytes, a character each; `unpackedKey` reads it. */
export type VisitTop = (key: string, packets: number, bytes: number) => void;

const CODECS: Readonly<Record<TopList, KeyCodec>> = {
  sources: address,
  ports: pairOf(number),
  pairs: pairOf(address),
  rules: number,
};

/** Packs a key as `visit` passes it. */
export function packedKey(list: TopList, key: string): string {
  const { size, write } = CODECS[list];
  const bytes = Buffer.alloc(size);
  write(key, bytes, 0);
  return bytes.toString('latin1');
}

export function unpackedKey(list: TopList, packed: string): string {
  return CODECS[list].read(Buffer.from(packed, 'latin1'), 0);
}

class PackedList {
  readonly #codec: KeyCodec;
  readonly #keys: Buffer;
  /** Packets and bytes of each entry, alternating. */
  readonly #volumes: Float64Array;
  readonly #counts: Uint8Array;

  constructor(codec: KeyCodec, buckets: number) {
    this.#codec = codec;
    this.#keys = Buffer.alloc(buckets * KEPT * codec.size);
    this.#volumes = new Float64Array(buckets * KEPT * 2);
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

  visit(bucket: number, visit: VisitTop): void {
    const { size } = this.#codec;
    const first = bucket * KEPT;
    for (let entry = first; entry < first + (this.#counts[bucket] as number); entry++) {
      const key = this.#keys.toString('latin1', entry * size, (entry + 1) * size);
      visit(key, this.#volumes[2 * entry] as number, this.#volumes[2 * entry + 1] as number);
    }
  }
}

export class PackedTops {
  readonly #lists: Readonly<Record<TopList, PackedList>>;

  constructor(buckets: number) {
    const lists = TOP_LISTS.map((list) => [list, new PackedList(CODECS[list], buckets)] as const);
    this.#lists = Object.fromEntries(lists) as Record<TopList, PackedList>;
  }

  /** Stores the largest entries of each list as bucket `at`, replacing its previous content. */
  keep(at: number, top: TopBucket): void {
    for (const list of TOP_LISTS) this.#lists[list].keep(at, mostOf(top.entries(list), KEPT));
  }

  forget(at: number): void {
    for (const list of TOP_LISTS) this.#lists[list].keep(at, []);
  }

  visit(at: number, list: TopList, visit: VisitTop): void {
    this.#lists[list].visit(at, visit);
  }
}
