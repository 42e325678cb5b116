/** Finds the rank of a record's value in a top list. */
import {
  AddressDictionary,
  formatAddress,
  type PacketLogFieldName,
  parseAddress,
  type RecordColumns,
} from '@packetlog/common';
import type { PastBlock } from '../../past/reading/past-blocks.ts';
import type { TopRow } from './sums.ts';
import type { GroupOf, TopKind } from './top-names.ts';

/** Returns the rank of a record of a block, from 0; the number of ranks if its value is not in the list. */
export type RankOf = (record: number) => number;

export interface KeyRanks {
  /** The columns that `of` reads. */
  readonly columns: readonly PacketLogFieldName[];
  of(block: Pick<PastBlock, 'columns' | 'period'>): RankOf;
}

type AddressField = 'src_addr' | 'dst_addr';
type NumberField = Exclude<PacketLogFieldName, AddressField | 'timestamp_ns'>;

/** `entries`: the list of this kind; the first has rank 0. Interfaces are ranked by name, in blocks of one period. */
export function keyRanks({ key, groupOf }: TopKind, entries: readonly TopRow[]): KeyRanks {
  if (groupOf !== undefined) return groupRanks(groupOf, entries);
  if (typeof key !== 'string') return pairRanks(key[0], key[1], entries);
  if (key === 'src_addr' || key === 'dst_addr') return addressRanks(key, entries);
  return key === 'ifindex' ? interfaceRanks(entries) : numberRanks(key, entries);
}

function addressRanks(field: AddressField, entries: readonly TopRow[]): KeyRanks {
  const addresses = new ListedAddresses(entries.map(({ value }) => String(value)));
  return {
    columns: [field],
    of: ({ columns }) => {
      const { indexes } = columns[field];
      const listed = addresses.in(columns, field).map((address) => (address < 0 ? entries.length : address));
      return (i) => listed[indexes[i] as number] as number;
    },
  };
}

/** Addresses whose group is remembered: about 8 MiB. */
const MAX_KNOWN = 262_144;
const NOT_YET = -1;

/** By source. */
function groupRanks(groupOf: GroupOf, entries: readonly TopRow[]): KeyRanks {
  const ranks = new Map(entries.map(({ value }, rank) => [String(value), rank]));
  const rankOf = (address: Uint8Array) => ranks.get(groupOf(formatAddress(address)).value) ?? entries.length;
  const known = new AddressDictionary(MAX_KNOWN);
  const knownRanks = new Int32Array(MAX_KNOWN).fill(NOT_YET);
  return {
    columns: ['src_addr'],
    of: ({ columns }) => {
      const { dictionary, indexes } = columns.src_addr;
      const words = wordsOf(dictionary);
      const found = new Int32Array(words.length / 4).fill(NOT_YET);
      const rankAt = (index: number) => {
        const number = numberIn(known, words, index);
        const before = knownRanks[number] ?? NOT_YET;
        const rank = before === NOT_YET ? rankOf(dictionary.subarray(16 * index, 16 * index + 16)) : before;
        if (number >= 0) knownRanks[number] = rank;
        return rank;
      };
      return (i) => {
        const index = indexes[i] as number;
        if (found[index] === NOT_YET) found[index] = rankAt(index);
        return found[index] as number;
      };
    },
  };
}

function pairRanks(field: AddressField, port: 'src_port' | 'dst_port', entries: readonly TopRow[]): KeyRanks {
  const texts = [...new Set(entries.map(({ value }) => String(value)))];
  const addresses = new ListedAddresses(texts);
  const numbers = new Map(texts.map((text, number) => [text, number]));
  const ranks = new Map(
    entries.map((entry, rank) => [pairOf(numbers.get(String(entry.value)) as number, entry.port ?? 0), rank]),
  );
  return {
    columns: [field, port],
    of: ({ columns }) => {
      const { indexes } = columns[field];
      const ports = columns[port];
      const listed = addresses.in(columns, field);
      return (i) => {
        const address = listed[indexes[i] as number] as number;
        if (address < 0) return entries.length;
        return ranks.get(pairOf(address, ports[i] as number)) ?? entries.length;
      };
    },
  };
}

function pairOf(address: number, port: number): number {
  return address * 0x1_0000 + port;
}

function numberRanks(field: NumberField, entries: readonly TopRow[]): KeyRanks {
  const ranks = new Map(entries.map(({ value }, rank) => [Number(value), rank]));
  return {
    columns: [field],
    of: ({ columns }) => {
      const column = columns[field];
      return (i) => ranks.get(column[i] as number) ?? entries.length;
    },
  };
}

function interfaceRanks(entries: readonly TopRow[]): KeyRanks {
  const ranks = new Map(entries.map(({ value }, rank) => [String(value), rank]));
  return {
    columns: ['ifindex'],
    of: ({ columns: { ifindex }, period }) => {
      const known = new Map<number, number>();
      return (i) => {
        const index = ifindex[i] as number;
        const rank = known.get(index) ?? ranks.get(period.nameOf(index)) ?? entries.length;
        known.set(index, rank);
        return rank;
      };
    },
  };
}

/** Numbers addresses from 0 in the order in which they are given. */
class ListedAddresses {
  readonly #numbers: AddressDictionary;

  /** `texts`: distinct ones. */
  constructor(texts: readonly string[]) {
    // When it is full, other addresses are not added, so it says that they are not in it.
    this.#numbers = new AddressDictionary(texts.length);
    for (const text of texts) numberIn(this.#numbers, wordsOf(parseAddress(text)), 0);
  }

  /** Returns the number of each address of a block's dictionary; below 0: not in the list. */
  in(columns: RecordColumns, field: AddressField): Int32Array {
    const words = wordsOf(columns[field].dictionary);
    return Int32Array.from({ length: words.length / 4 }, (_, index) => numberIn(this.#numbers, words, index));
  }
}

function numberIn(numbers: AddressDictionary, words: Int32Array, index: number): number {
  const [a, b, c, d] = words.subarray(4 * index, 4 * index + 4);
  return numbers.indexOf(a as number, b as number, c as number, d as number);
}

/** Copies addresses that are not aligned. */
function wordsOf(addresses: Uint8Array): Int32Array {
  const aligned = addresses.byteOffset % 4 === 0 ? addresses : addresses.slice();
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}
