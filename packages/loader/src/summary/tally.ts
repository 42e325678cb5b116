/** What the records of one interval say: by protocol, source, destination port and pair. Reads raw bytes. */
import { formatAddress, hasPorts, IP_PROTOCOL_NONE, PACKET_LOG_FIELDS, type Summary } from '@packetlog/common';
import { AddressTable, NO_SLOT } from './address-table.ts';
import { DenseTable } from './dense-table.ts';
import { PairTable } from './pair-table.ts';
import { most } from './totals.ts';

const TOP = 10;
const PORTS = 65_536;
const PROTOCOLS = 256;

function offsetOf(name: (typeof PACKET_LOG_FIELDS)[number]['name']): number {
  const field = PACKET_LOG_FIELDS.find((candidate) => candidate.name === name);
  if (!field) throw new Error(`no field ${name}`);
  return field.offset;
}

const SRC_ADDR = offsetOf('src_addr') / 4;
const DST_ADDR = offsetOf('dst_addr') / 4;
const LENGTH = offsetOf('length') / 2;
const WEIGHT = offsetOf('weight') / 2;
const DST_PORT = offsetOf('dst_port') / 2;
const ETHER_TYPE = offsetOf('ether_type') / 2;
const IP_PROTOCOL = offsetOf('ip_protocol');

/** Protocols with ports; the place of one in this list, from 1 on, 0 for the others. */
const WITH_PORTS = Array.from({ length: PROTOCOLS }, (_, protocol) => protocol).filter(hasPorts);
const PORT_BLOCK = Uint8Array.from({ length: PROTOCOLS }, (_, protocol) => WITH_PORTS.indexOf(protocol) + 1);

interface Words {
  u8: Uint8Array;
  u16: Uint16Array;
  u32: Uint32Array;
}

export type RecordSummary = Pick<
  Summary,
  'records' | 'max_weight' | 'by_protocol' | 'top_sources' | 'top_ports' | 'top_pairs' | 'evicted'
>;

export class Tally {
  readonly #sources = new AddressTable();
  readonly #destinations = new AddressTable();
  readonly #pairs = new PairTable();
  readonly #ports = new DenseTable(WITH_PORTS.length * PORTS);
  readonly #protocols = new DenseTable(PROTOCOLS);
  readonly #etherTypes = new DenseTable(65_536);
  readonly #words = new WeakMap<Uint8Array, Words>();
  #records = 0;
  #evicted = 0;
  #maxWeight = 1;

  /** `count` records, `stride` bytes apart; the first begins at byte `first` of `memory`, 4-byte aligned. */
  add(memory: Uint8Array, first: number, count: number, stride: number): void {
    const { u8, u16, u32 } = this.#wordsOf(memory);
    const sources = this.#sources;
    const destinations = this.#destinations;
    this.#records += count;
    for (let i = 0, at = first; i < count; i++, at += stride) {
      const half = at >>> 1;
      const word = at >>> 2;
      const protocol = u8[at + IP_PROTOCOL]!;
      const packets = u16[half + WEIGHT]!;
      const bytes = u16[half + LENGTH]! * packets;
      if (packets > this.#maxWeight) this.#maxWeight = packets;
      if (protocol === IP_PROTOCOL_NONE) {
        this.#etherTypes.add(u16[half + ETHER_TYPE]!, packets, bytes);
        continue;
      }
      this.#protocols.add(protocol, packets, bytes);
      const block = PORT_BLOCK[protocol]!;
      const port = u16[half + DST_PORT]!;
      if (block !== 0 && port !== 0) this.#ports.add((block - 1) * PORTS + port, packets, bytes);

      const from = word + SRC_ADDR;
      const source = sources.find(u32[from]!, u32[from + 1]!, u32[from + 2]!, u32[from + 3]!);
      const to = word + DST_ADDR;
      const destination = destinations.find(u32[to]!, u32[to + 1]!, u32[to + 2]!, u32[to + 3]!);
      if (source !== NO_SLOT) {
        sources.packets[source]! += packets;
        sources.bytes[source]! += bytes;
      }
      const kept = source !== NO_SLOT && destination !== NO_SLOT;
      if (!(kept && this.#pairs.add(source, destination, packets, bytes))) this.#evicted += packets;
    }
  }

  /** The interval's result; the next interval begins empty. */
  take(): RecordSummary {
    const address = (table: AddressTable, slot: number) => formatAddress(table.address(slot));
    const summary: RecordSummary = {
      records: this.#records,
      max_weight: this.#maxWeight,
      by_protocol: this.#byProtocol(),
      top_sources: most(this.#sources, TOP).map(({ place, ...volume }) => ({
        addr: address(this.#sources, place),
        ...volume,
      })),
      top_ports: most(this.#ports, TOP).map(({ place, ...volume }) => ({
        ip_protocol: WITH_PORTS[Math.floor(place / PORTS)] ?? IP_PROTOCOL_NONE,
        port: place % PORTS,
        ...volume,
      })),
      top_pairs: most(this.#pairs, TOP).map(({ place, ...volume }) => {
        const { source, destination } = this.#pairs.pair(place);
        return {
          src_addr: address(this.#sources, source),
          dst_addr: address(this.#destinations, destination),
          ...volume,
        };
      }),
      evicted: this.#evicted,
    };
    for (const table of [this.#sources, this.#destinations, this.#pairs]) table.clear();
    for (const table of [this.#ports, this.#protocols, this.#etherTypes]) table.clear();
    this.#records = 0;
    this.#evicted = 0;
    this.#maxWeight = 1;
    return summary;
  }

  #byProtocol(): RecordSummary['by_protocol'] {
    const ip = most(this.#protocols, TOP).map(({ place, ...volume }) => ({
      ip_protocol: place,
      ether_type: 0,
      ...volume,
    }));
    const other = most(this.#etherTypes, TOP).map(({ place, ...volume }) => ({
      ip_protocol: IP_PROTOCOL_NONE,
      ether_type: place,
      ...volume,
    }));
    return [...ip, ...other].sort((a, b) => b.packets - a.packets).slice(0, TOP);
  }

  /** Typed views are made once for each ring, not for each call. */
  #wordsOf(memory: Uint8Array): Words {
    const known = this.#words.get(memory);
    if (known) return known;
    const { buffer, byteOffset, byteLength } = memory;
    const words = {
      u8: memory,
      u16: new Uint16Array(buffer, byteOffset, byteLength >>> 1),
      u32: new Uint32Array(buffer, byteOffset, byteLength >>> 2),
    };
    this.#words.set(memory, words);
    return words;
  }
}
