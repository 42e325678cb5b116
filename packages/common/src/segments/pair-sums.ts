/**
 * Sums of a block by pair of addresses: records that differ only in fields other than PAIR_FIELDS are one entry. Filters
 * and sums that read only these fields can use the entries instead of the records.
 */
import type { PacketLogFieldName } from '../record/layout.ts';
import { AddressDictionary, type AddressIndexes } from './address-column.ts';
import type { AddressColumn, RecordColumns } from './columns.ts';
import type { AddressField } from './native-block.ts';
import { type PortSums, portSumsOf } from './port-sums.ts';

export const PAIR_FIELDS = [
  ...(['src_addr', 'dst_addr', 'ether_type', 'ip_protocol', 'action', 'rule_id', 'ifindex'] as const),
];
export type PairField = (typeof PAIR_FIELDS)[number];

/** What entries have in common besides their source. */
export interface PairKind extends Readonly<Record<Exclude<PairField, 'src_addr' | 'dst_addr'>, number>> {
  /** Position in the block's dictionary. */
  readonly destination: number;
}

/** `count` entries, in the order of their sources; no two are equal in all fields. */
export interface PairSums {
  readonly count: number;
  /** Positions in the block's dictionary. */
  readonly sources: Uint16Array;
  /** Positions in `kinds`. */
  readonly kindIndexes: Uint16Array;
  readonly kinds: readonly PairKind[];
  /** Sums of the weights, of weight * length, and of 1. */
  readonly packets: Float64Array;
  readonly records: Float64Array;
  /** undefined: not read. */
  readonly bytes: Float64Array | undefined;
  /** The same records by port; undefined: not read, or not known. */
  readonly ports: PortSums | undefined;
}

export type WholePairSums = PairSums & { readonly bytes: Float64Array };

/** The dictionaries of the block whose sums these are. */
export interface PairDictionaries {
  /** Returns the number of addresses. */
  readonly size: (field: AddressField) => number;
  /** Returns them, 16 bytes each. Called when they are needed, and may throw. */
  readonly read: (field: AddressField) => Uint8Array;
}

/**
 * Entries as columns, which filters can read as those of a block. A dictionary is read, and a column made, when it is read
 * for the first time.
 */
export class PairColumns implements Pick<RecordColumns, 'count' | PairField> {
  readonly count: number;
  readonly src_addr: AddressColumn;
  readonly dst_addr: AddressColumn;
  readonly packets: Float64Array;
  readonly records: Float64Array;
  readonly bytes: Float64Array | undefined;
  readonly ports: PortSums | undefined;
  readonly #sums: PairSums;
  readonly #dictionaries: PairDictionaries;
  readonly #made = new Map<keyof PairKind, Uint8Array | Uint16Array | Uint32Array>();

  /** @throws RangeError if an entry is not in the dictionaries. */
  constructor(sums: PairSums, dictionaries: PairDictionaries) {
    const { size, read } = dictionaries;
    const { count, kinds, packets, bytes, records, ports } = sums;
    const last = count === 0 ? -1 : (sums.sources[count - 1] as number);
    const lastDestination = kinds.reduce((max, { destination }) => Math.max(max, destination), -1);
    if (last >= size('src_addr')) throw new RangeError(`there is no source ${last}`);
    if (lastDestination >= size('dst_addr')) throw new RangeError(`there is no destination ${lastDestination}`);
    this.count = count;
    this.src_addr = new LazyAddresses(
      () => read('src_addr'),
      () => sums.sources,
    );
    this.dst_addr = new LazyAddresses(
      () => read('dst_addr'),
      () => this.#by('destination', Uint16Array),
    );
    this.packets = packets;
    this.records = records;
    this.bytes = bytes;
    this.ports = ports;
    this.#sums = sums;
    this.#dictionaries = dictionaries;
  }

  /** Returns a copy of the entries whose source has a 1 in `sources`, without ports: those are of all entries. */
  ofSources(sources: Uint8Array): PairColumns {
    const all = this.#sums;
    const entries: number[] = [];
    for (let i = 0; i < all.count; i++) if (sources[all.sources[i] as number] === 1) entries.push(i);
    const of = (values: Float64Array) => Float64Array.from(entries, (i) => values[i] as number);
    const packets = of(all.packets);
    const sums: PairSums = {
      ...{ count: entries.length, kinds: all.kinds, packets },
      sources: Uint16Array.from(entries, (i) => all.sources[i] as number),
      kindIndexes: Uint16Array.from(entries, (i) => all.kindIndexes[i] as number),
      records: all.records === all.packets ? packets : of(all.records),
      bytes: all.bytes && of(all.bytes),
      ports: undefined,
    };
    return new PairColumns(sums, this.#dictionaries);
  }

  get ether_type(): Uint16Array {
    return this.#by('ether_type', Uint16Array);
  }

  get ip_protocol(): Uint8Array {
    return this.#by('ip_protocol', Uint8Array);
  }

  get action(): Uint8Array {
    return this.#by('action', Uint8Array);
  }

  get rule_id(): Uint32Array {
    return this.#by('rule_id', Uint32Array);
  }

  get ifindex(): Uint32Array {
    return this.#by('ifindex', Uint32Array);
  }

  #by<Values extends Uint8Array | Uint16Array | Uint32Array>(
    name: keyof PairKind,
    Values: new (of: number | readonly number[]) => Values,
  ): Values {
    const made = this.#made.get(name);
    if (made !== undefined) return made as Values;
    const { count, kinds, kindIndexes } = this.#sums;
    const ofKind = new Values(kinds.map((each) => each[name]));
    const values = new Values(count);
    for (let i = 0; i < count; i++) values[i] = ofKind[kindIndexes[i] as number] as number;
    this.#made.set(name, values);
    return values;
  }
}

class LazyAddresses implements AddressColumn {
  readonly #read: () => Uint8Array;
  readonly #indexes: () => AddressIndexes;
  #dictionary: Uint8Array | undefined;

  constructor(read: () => Uint8Array, indexes: () => AddressIndexes) {
    this.#read = read;
    this.#indexes = indexes;
  }

  get dictionary(): Uint8Array {
    this.#dictionary ??= this.#read();
    return this.#dictionary;
  }

  get indexes(): AddressIndexes {
    return this.#indexes();
  }
}

/** Returns whether a filter or a sum that reads these fields can use the entries. */
export function arePairFields(names: Iterable<PacketLogFieldName>): boolean {
  for (const name of names) if (!(PAIR_FIELDS as readonly string[]).includes(name)) return false;
  return true;
}

/**
 * Returns undefined if there would be more than `maxPairs` entries; without ports if there would be more than `maxPorts`.
 * `columns`: at most 65,536 records.
 */
export function pairSumsOf(columns: RecordColumns, maxPairs: number, maxPorts = 0): WholePairSums | undefined {
  const { count, ether_type, ip_protocol, action, rule_id, ifindex, weight, length } = columns;
  const from = columns.src_addr.indexes;
  const to = columns.dst_addr.indexes;
  const kinds = new AddressDictionary();
  const pairs = new AddressDictionary(maxPairs);
  const packets = new Float64Array(maxPairs);
  const bytes = new Float64Array(maxPairs);
  const records = new Float64Array(maxPairs);
  // Most records are of the same kind as the one before.
  let kind = 0;
  let [link, rule, device, destination] = [-1, -1, -1, -1];
  for (let i = 0; i < count; i++) {
    const word = ((ether_type[i] as number) << 16) | ((ip_protocol[i] as number) << 8) | (action[i] as number);
    if (word !== link || rule_id[i] !== rule || ifindex[i] !== device || to[i] !== destination) {
      [link, rule, device, destination] = [word, rule_id[i] as number, ifindex[i] as number, to[i] as number];
      kind = kinds.indexOf(link, rule | 0, device | 0, destination);
    }
    const pair = pairs.indexOf(from[i] as number, kind, 0, 0);
    if (pair < 0) return undefined;
    const each = weight[i] as number;
    packets[pair] = (packets[pair] as number) + each;
    bytes[pair] = (bytes[pair] as number) + each * (length[i] as number);
    records[pair] = (records[pair] as number) + 1;
  }
  return { ...sorted(pairs, kindsOf(kinds), { packets, bytes, records }), ports: portSumsOf(columns, maxPorts) };
}

function kindsOf(kinds: AddressDictionary): PairKind[] {
  const words = new Uint32Array(kinds.bytes().buffer);
  return Array.from({ length: kinds.size }, (_, kind) => {
    const [link = 0, rule_id = 0, ifindex = 0, destination = 0] = words.subarray(4 * kind, 4 * kind + 4);
    const [ip_protocol, action] = [(link >>> 8) & 0xff, link & 0xff];
    return { destination, ether_type: link >>> 16, ip_protocol, action, rule_id, ifindex };
  });
}

/** Sorts by source and kind, which compresses better. */
function sorted(
  pairs: AddressDictionary,
  kinds: readonly PairKind[],
  found: Record<'packets' | 'bytes' | 'records', Float64Array>,
): Omit<WholePairSums, 'ports'> {
  const count = pairs.size;
  const words = new Uint32Array(pairs.bytes().buffer);
  const order = new Float64Array(count);
  // Source, kind and number of an entry in one number of 48 bits.
  for (let i = 0; i < count; i++) {
    order[i] = ((words[4 * i] as number) * 0x1_0000 + (words[4 * i + 1] as number)) * 0x1_0000 + i;
  }
  order.sort();
  const sums = {
    ...{ count, kinds },
    sources: new Uint16Array(count),
    kindIndexes: new Uint16Array(count),
    packets: new Float64Array(count),
    bytes: new Float64Array(count),
    records: new Float64Array(count),
  };
  for (let i = 0; i < count; i++) {
    const pair = (order[i] as number) % 0x1_0000;
    sums.sources[i] = words[4 * pair] as number;
    sums.kindIndexes[i] = words[4 * pair + 1] as number;
    sums.packets[i] = found.packets[pair] as number;
    sums.bytes[i] = found.bytes[pair] as number;
    sums.records[i] = found.records[pair] as number;
  }
  return sums;
}
