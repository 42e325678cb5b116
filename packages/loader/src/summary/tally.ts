/** Summarizes the records of one interval: by protocol, source, destination port and pair. Reads raw bytes. */
import { FIELD_OFFSETS, formatAddress, hasPorts, IP_PROTOCOL_NONE, type Summary } from '@packetlog/common';
import { AddressTable, NO_NUMBER } from './address-table.ts';
import { DenseTable } from './dense-table.ts';
import { FIRST, PairVolumes } from './pair-volumes.ts';

const TOP = 10;
const PORTS = 65_536;
const PROTOCOLS = 256;
const SOURCES = 8192;
const DESTINATIONS = 16;

const SRC_ADDR = FIELD_OFFSETS.src_addr / 4;
const DST_ADDR = FIELD_OFFSETS.dst_addr / 4;
const LENGTH = FIELD_OFFSETS.length / 2;
const WEIGHT = FIELD_OFFSETS.weight / 2;
const DST_PORT = FIELD_OFFSETS.dst_port / 2;
const ETHER_TYPE = FIELD_OFFSETS.ether_type / 2;
const IP_PROTOCOL = FIELD_OFFSETS.ip_protocol;

/** Protocols with ports, and the index of each in this list, from 1 on; 0 for the others. */
const WITH_PORTS = Array.from({ length: PROTOCOLS }, (_, protocol) => protocol).filter(hasPorts);
const PORT_BLOCK = Uint8Array.from({ length: PROTOCOLS }, (_, protocol) => WITH_PORTS.indexOf(protocol) + 1);

interface Words {
  u8: Uint8Array;
  u16: Uint16Array;
  i32: Int32Array;
}

export type RecordSummary = Pick<
  Summary,
  'records' | 'max_weight' | 'by_protocol' | 'top_sources' | 'top_ports' | 'top_pairs' | 'evicted'
>;

export class Tally {
  readonly #sources: AddressTable;
  readonly #destinations = new AddressTable(DESTINATIONS);
  readonly #pairs: PairVolumes;
  readonly #ports = new DenseTable(WITH_PORTS.length * PORTS);
  /** By protocol, for packets that are not in `#ports`. */
  readonly #noPorts = new DenseTable(PROTOCOLS);
  readonly #etherTypes = new DenseTable(65_536);
  /** By protocol since the start, up to the last `take`. Sums of doubles are exact up to 2^53. */
  readonly #sinceStart = new DenseTable(PROTOCOLS);
  readonly #words = new WeakMap<Uint8Array, Words>();
  #records = 0;
  #maxWeight = 1;

  /** `sources`: the number of sources that are counted each, a power of two; further ones count as one. */
  constructor(sources = SOURCES) {
    this.#sources = new AddressTable(sources);
    this.#pairs = new PairVolumes(this.#sources, sources, DESTINATIONS);
  }

  /** Adds `count` records, `stride` bytes apart; the first begins at byte `first` of `memory`, 4-byte aligned. */
  add(memory: Uint8Array, first: number, count: number, stride: number): void {
    const { u8, u16, i32 } = this.#wordsOf(memory);
    const sources = this.#sources;
    const pairs = this.#pairs;
    const ports = this.#ports;
    const noPorts = this.#noPorts;
    const destinations = this.#destinations;
    // Destination of the previous record: neighbours are often alike, and a lookup is most of the cost.
    let lastA = 0;
    let lastB = 0;
    let lastC = 0;
    let lastD = 0;
    let looked = false;
    let destination = NO_NUMBER;
    let maxWeight = this.#maxWeight;
    this.#records += count;
    for (let i = 0, at = first; i < count; i++, at += stride) {
      const half = at >>> 1;
      const word = at >>> 2;
      const protocol = u8[at + IP_PROTOCOL]!;
      const packets = u16[half + WEIGHT]!;
      const bytes = u16[half + LENGTH]! * packets;
      if (packets > maxWeight) maxWeight = packets;
      if (protocol === IP_PROTOCOL_NONE) {
        this.#etherTypes.add(u16[half + ETHER_TYPE]!, packets, bytes);
        continue;
      }
      const block = PORT_BLOCK[protocol]!;
      const port = u16[half + DST_PORT]!;
      if (block !== 0 && port !== 0) ports.add((block - 1) * PORTS + port, packets, bytes);
      else noPorts.add(protocol, packets, bytes);

      const from = word + SRC_ADDR;
      const source = sources.find(i32[from]!, i32[from + 1]!, i32[from + 2]!, i32[from + 3]!);
      const to = word + DST_ADDR;
      const a = i32[to]!;
      const b = i32[to + 1]!;
      const c = i32[to + 2]!;
      const d = i32[to + 3]!;
      if (d !== lastD || c !== lastC || b !== lastB || a !== lastA || !looked) {
        destination = destinations.find(a, b, c, d);
        lastA = a;
        lastB = b;
        lastC = c;
        lastD = d;
        looked = true;
      }
      if (destination === FIRST) {
        sources.add(source, packets, bytes);
      } else {
        pairs.add(source, destination, packets, bytes);
      }
    }
    this.#maxWeight = maxWeight;
  }

  /** Returns the interval's result; the next interval starts empty. */
  take(): RecordSummary {
    const destinations = this.#destinations.size;
    const source = (number: number) => formatAddress(this.#sources.address(number));
    const summary: RecordSummary = {
      records: this.#records,
      max_weight: this.#maxWeight,
      by_protocol: this.#byProtocol(),
      top_sources: this.#pairs.topSources(destinations, TOP).map((each) => ({
        addr: source(each.source),
        packets: each.packets,
        bytes: each.bytes,
      })),
      top_ports: this.#ports.top(TOP).map(({ index, packets, bytes }) => ({
        ip_protocol: WITH_PORTS[Math.floor(index / PORTS)] ?? IP_PROTOCOL_NONE,
        port: index % PORTS,
        packets,
        bytes,
      })),
      top_pairs: this.#pairs.topPairs(destinations, TOP).map((pair) => ({
        src_addr: source(pair.source),
        dst_addr: formatAddress(this.#destinations.address(pair.destination)),
        packets: pair.packets,
        bytes: pair.bytes,
      })),
      evicted: this.#pairs.evicted(destinations),
    };
    this.#pairs.clear(destinations);
    this.#sources.clear();
    this.#destinations.clear();
    for (const table of [this.#ports, this.#noPorts, this.#etherTypes]) table.clear();
    this.#records = 0;
    this.#maxWeight = 1;
    return summary;
  }

  /** Returns packets and bytes by IP protocol since the start, up to the last `take`; 255 for frames without IP. */
  protocols(): { ip_protocol: number; packets: number; bytes: number }[] {
    return [...this.#sinceStart.all()].map(({ index, packets, bytes }) => ({ ip_protocol: index, packets, bytes }));
  }

  #byProtocol(): RecordSummary['by_protocol'] {
    const protocols = new DenseTable(PROTOCOLS);
    for (const { index, packets, bytes } of this.#noPorts.all()) protocols.add(index, packets, bytes);
    for (const { index, packets, bytes } of this.#ports.all()) {
      protocols.add(WITH_PORTS[Math.floor(index / PORTS)] ?? IP_PROTOCOL_NONE, packets, bytes);
    }
    for (const { index, packets, bytes } of protocols.all()) this.#sinceStart.add(index, packets, bytes);
    for (const { packets, bytes } of this.#etherTypes.all()) this.#sinceStart.add(IP_PROTOCOL_NONE, packets, bytes);
    const ip = protocols.top(TOP).map(({ index, packets, bytes }) => ({
      ip_protocol: index,
      ether_type: 0,
      packets,
      bytes,
    }));
    const other = this.#etherTypes.top(TOP).map(({ index, packets, bytes }) => ({
      ip_protocol: IP_PROTOCOL_NONE,
      ether_type: index,
      packets,
      bytes,
    }));
    return [...ip, ...other].sort((a, b) => b.packets - a.packets).slice(0, TOP);
  }

  /** Returns typed views, which are made once for each ring, not for each call. */
  #wordsOf(memory: Uint8Array): Words {
    const cached = this.#words.get(memory);
    if (cached) return cached;
    const { buffer, byteOffset, byteLength } = memory;
    const words = {
      u8: memory,
      u16: new Uint16Array(buffer, byteOffset, byteLength >>> 1),
      i32: new Int32Array(buffer, byteOffset, byteLength >>> 2),
    };
    this.#words.set(memory, words);
    return words;
  }
}
