/** A set of sources: networks, or the addresses that matching packets came from. */
import {
  AddressDictionary,
  ETHER_TYPE_IPV4,
  ETHER_TYPE_IPV6,
  IP_PROTOCOL_NONE,
  type Network,
  REASONS,
  type RecordColumns,
} from '@packetlog/common';

type Words = readonly [number, number, number, number];

const WORDS = 4;
const ADDRESS_BYTES = 16;
/** Third word of an IPv4 address, in the byte order of the machine. */
const MAPPED_WORD = wordsOf(Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0]))[2];

interface Level {
  readonly family: 4 | 6;
  readonly mask: Words;
  /** Full, so that a lookup adds nothing. */
  readonly prefixes: AddressDictionary;
}

export class SourceSet {
  /** One for each family and prefix length. */
  readonly #levels: readonly Level[];

  private constructor(levels: readonly Level[]) {
    this.#levels = levels;
  }

  static ofNetworks(networks: readonly Network[]): SourceSet {
    const byLength = new Map<string, Network[]>();
    for (const network of networks) {
      const key = `${network.family}/${network.bits}`;
      byLength.set(key, [...(byLength.get(key) ?? []), network]);
    }
    return new SourceSet(
      [...byLength.values()].map((alike) => {
        const { family, bits } = alike[0] as Network;
        const mask = maskOf(bits);
        return { family, mask, prefixes: full(alike.map(({ bytes }) => masked(wordsOf(bytes), mask))) };
      }),
    );
  }

  static ofAddresses(addresses: AddressDictionary): SourceSet {
    const words = new Int32Array(addresses.bytes().buffer);
    const list = Array.from({ length: addresses.size }, (_, i) => wordsAt(words, i));
    const mask = maskOf(ADDRESS_BYTES * 8);
    const of = (family: 4 | 6): Level => ({
      family,
      mask,
      prefixes: full(list.filter((address) => familyOf(address) === family)),
    });
    return new SourceSet([of(4), of(6)].filter(({ prefixes }) => prefixes.size > 0));
  }

  has(address: Words): boolean {
    const family = familyOf(address);
    return this.#levels.some(
      (level) => level.family === family && level.prefixes.indexOf(...masked(address, level.mask)) >= 0,
    );
  }
}

/** The addresses of a block's dictionary. */
export class BlockAddresses {
  readonly #words: Int32Array;
  readonly size: number;

  constructor(dictionary: Uint8Array) {
    const aligned = dictionary.byteOffset % 4 === 0 ? dictionary : dictionary.slice();
    this.#words = new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
    this.size = this.#words.length / WORDS;
  }

  at(entry: number): Words {
    return wordsAt(this.#words, entry);
  }

  /** Returns 4, 6, or 0 for the address that stands for one that was not read. */
  kinds(): Uint8Array {
    return Uint8Array.from({ length: this.size }, (_, entry) => {
      const address = this.at(entry);
      return address.every((word) => word === 0) ? 0 : familyOf(address);
    });
  }
}

export const SOURCE_FIELDS = ['src_addr', 'ether_type', 'ip_protocol', 'reason'] as const;

/**
 * Returns whether a rule can match record `i` by its source: the address was read, and is of the packet's family.
 * `kinds`: of the block's addresses.
 */
export function hasSource(columns: RecordColumns, i: number, kinds: Uint8Array): boolean {
  const { src_addr, ether_type, ip_protocol, reason } = columns;
  const kind = kinds[src_addr.indexes[i] as number];
  if (ether_type[i] === ETHER_TYPE_IPV4) return kind === 4;
  if (ether_type[i] !== ETHER_TYPE_IPV6 || kind === 4) return false;
  // As in the rules: an all-zero address of a header that was not read is none.
  const isDoubtful =
    ip_protocol[i] === IP_PROTOCOL_NONE && reason[i] !== REASONS.none && reason[i] !== REASONS.fragment;
  return kind === 6 || !isDoubtful;
}

export function isIp({ ether_type }: RecordColumns, i: number): boolean {
  return ether_type[i] === ETHER_TYPE_IPV4 || ether_type[i] === ETHER_TYPE_IPV6;
}

function full(prefixes: readonly Words[]): AddressDictionary {
  const distinct = new Set(prefixes.map((words) => words.join(' '))).size;
  const dictionary = new AddressDictionary(distinct);
  for (const words of prefixes) dictionary.indexOf(...words);
  return dictionary;
}

function familyOf([a, b, c]: Words): 4 | 6 {
  return a === 0 && b === 0 && c === MAPPED_WORD ? 4 : 6;
}

function masked([a, b, c, d]: Words, [w, x, y, z]: Words): Words {
  return [a & w, b & x, c & y, d & z];
}

function maskOf(bits: number): Words {
  return wordsOf(
    Uint8Array.from({ length: ADDRESS_BYTES }, (_, i) => 0xff & ~(0xff >> Math.min(8, Math.max(0, bits - 8 * i)))),
  );
}

function wordsOf(bytes: Uint8Array): Words {
  return wordsAt(new Int32Array(bytes.slice().buffer), 0);
}

function wordsAt(words: Int32Array, index: number): Words {
  const at = index * WORDS;
  return [words[at] as number, words[at + 1] as number, words[at + 2] as number, words[at + 3] as number];
}
