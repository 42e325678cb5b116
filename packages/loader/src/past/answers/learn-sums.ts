/** Sums of a range by kind of traffic: what a set of sources sent, and what others sent. */
import {
  AddressDictionary,
  hasPorts,
  icmpRead,
  type PacketLogFieldName,
  portsRead,
  type RecordColumns,
} from '@packetlog/common';
import { type PastBlock, readColumns } from '../reading/past-blocks.ts';
import { KeySums, type VolumeSums } from './key-sums.ts';
import { BlockAddresses, hasSource, isIp, SOURCE_FIELDS, type SourceSet } from './source-set.ts';
import { KIND_COUNT, kindNumber } from './traffic-kinds.ts';

export interface CountLimits {
  /** Sources of the set, and pairs of them and a kind, that are counted one by one. */
  readonly sources: number;
  readonly pairs: number;
}

const FIELDS = [
  ...SOURCE_FIELDS,
  ...(['src_port', 'dst_port', 'tcp_flags', 'weight', 'length'] as const),
] satisfies readonly PacketLogFieldName[];

const OTHERS = 0;

export class LearnSums {
  /** Of all records of the range. */
  packets = 0;
  records = 0;
  /** By kind: packets and bytes of the set, the number of its sources, and packets of others. */
  readonly kinds = {
    packets: new Float64Array(KIND_COUNT),
    bytes: new Float64Array(KIND_COUNT),
    sources: new Uint32Array(KIND_COUNT),
    otherPackets: new Float64Array(KIND_COUNT),
  };
  readonly sources: KeySums;
  /** Records that were not counted by source and kind, because there was no room. */
  uncounted = 0;
  readonly #set: SourceSet;
  readonly #pairs: AddressDictionary;

  constructor(set: SourceSet, limits: CountLimits) {
    this.#set = set;
    this.sources = new KeySums(limits.sources);
    this.#pairs = new AddressDictionary(limits.pairs);
  }

  add({ columns, rows }: PastBlock): void {
    readColumns(columns, FIELDS);
    const addresses = new BlockAddresses(columns.src_addr.dictionary);
    for (const { kind, entry, sums } of this.#flowsOf(columns, rows, addresses)) {
      if (entry === undefined) {
        this.kinds.otherPackets[kind] = (this.kinds.otherPackets[kind] as number) + sums.packets;
        continue;
      }
      this.kinds.packets[kind] = (this.kinds.packets[kind] as number) + sums.packets;
      this.kinds.bytes[kind] = (this.kinds.bytes[kind] as number) + sums.bytes;
      const source = this.sources.numberOf(...addresses.at(entry));
      this.sources.addTo(source, sums);
      this.#countPair(kind, source, sums.records);
    }
  }

  #countPair(kind: number, source: number, records: number): void {
    const before = this.#pairs.size;
    const pair = source < 0 ? -1 : this.#pairs.indexOf(kind, source, 0, 0);
    if (pair < 0) this.uncounted += records;
    else if (pair === before) this.kinds.sources[kind] = (this.kinds.sources[kind] as number) + 1;
  }

  /** Sums up a block by kind and source of the set; `entry`: undefined for all other sources together. */
  *#flowsOf(
    columns: RecordColumns,
    rows: Uint8Array | undefined,
    addresses: BlockAddresses,
  ): Generator<{ kind: number; entry: number | undefined; sums: VolumeSums }> {
    const { count, weight, length, src_addr } = columns;
    const kinds = addresses.kinds();
    const isMember = Uint8Array.from({ length: addresses.size }, (_, entry) =>
      this.#set.has(addresses.at(entry)) ? 1 : 0,
    );
    const flows = new AddressDictionary();
    const sums = { packets: new Float64Array(count), bytes: new Float64Array(count), records: new Uint32Array(count) };
    for (let i = 0; i < count; i++) {
      if (rows !== undefined && rows[i] !== 1) continue;
      const packets = weight[i] as number;
      this.packets += packets;
      this.records++;
      // Rules concern only IP packets.
      if (!isIp(columns, i)) continue;
      const entry = src_addr.indexes[i] as number;
      const isOfSet = isMember[entry] === 1 && hasSource(columns, i, kinds);
      const flow = flows.indexOf(kindAt(columns, i), isOfSet ? entry + 1 : OTHERS, 0, 0);
      sums.packets[flow] = (sums.packets[flow] as number) + packets;
      sums.bytes[flow] = (sums.bytes[flow] as number) + packets * (length[i] as number);
      sums.records[flow] = (sums.records[flow] as number) + 1;
    }
    for (let flow = 0; flow < flows.size; flow++) {
      const [kind, member] = flows.wordsAt(flow);
      yield {
        kind,
        entry: member === OTHERS ? undefined : member - 1,
        sums: {
          packets: sums.packets[flow] as number,
          bytes: sums.bytes[flow] as number,
          records: sums.records[flow] as number,
        },
      };
    }
  }
}

/** Returns the kind of record `i`, as rules see it. */
function kindAt(columns: RecordColumns, i: number): number {
  const facts = {
    ip_protocol: columns.ip_protocol[i] as number,
    src_port: columns.src_port[i] as number,
    dst_port: columns.dst_port[i] as number,
    tcp_flags: columns.tcp_flags[i] as number,
    reason: columns.reason[i] as number,
  };
  const { ip_protocol, dst_port } = facts;
  if (hasPorts(ip_protocol)) return kindNumber(ip_protocol, portsRead(facts) ? dst_port : undefined);
  return kindNumber(ip_protocol, icmpRead(facts) ? dst_port >> 8 : undefined);
}
