/** What the records of one interval say: by protocol, source and destination port. Reads raw bytes. */
import { formatAddress, hasPorts, IP_PROTOCOL_NONE, PACKET_LOG_FIELDS, type Summary } from '@packetlog/common';
import { TopTable } from './top-table.ts';

const TOP = 10;

function offsetOf(name: (typeof PACKET_LOG_FIELDS)[number]['name']): number {
  const field = PACKET_LOG_FIELDS.find((candidate) => candidate.name === name);
  if (!field) throw new Error(`no field ${name}`);
  return field.offset;
}

const SRC_ADDR = offsetOf('src_addr') / 4;
const LENGTH = offsetOf('length') / 2;
const WEIGHT = offsetOf('weight') / 2;
const DST_PORT = offsetOf('dst_port') / 2;
const ETHER_TYPE = offsetOf('ether_type') / 2;
const IP_PROTOCOL = offsetOf('ip_protocol');

const PORTS = Uint8Array.from({ length: 256 }, (_, protocol) => (hasPorts(protocol) ? 1 : 0));

interface Words {
  u8: Uint8Array;
  u16: Uint16Array;
  u32: Uint32Array;
}

export type RecordSummary = Pick<Summary, 'records' | 'by_protocol' | 'top_sources' | 'top_ports' | 'evicted'>;

export class Tally {
  readonly #sources = new TopTable();
  readonly #ports = new TopTable();
  readonly #protocols = new TopTable();
  readonly #words = new WeakMap<Uint8Array, Words>();
  #records = 0;

  /** `count` records, `stride` bytes apart; the first begins at byte `first` of `memory`, 4-byte aligned. */
  add(memory: Uint8Array, first: number, count: number, stride: number): void {
    const { u8, u16, u32 } = this.#wordsOf(memory);
    this.#records += count;
    for (let i = 0, at = first; i < count; i++, at += stride) {
      const half = at >>> 1;
      const word = at >>> 2;
      const protocol = u8[at + IP_PROTOCOL]!;
      const packets = u16[half + WEIGHT]!;
      const bytes = u16[half + LENGTH]! * packets;
      const etherType = u16[half + ETHER_TYPE]!;
      this.#protocols.add(protocol, protocol === IP_PROTOCOL_NONE ? etherType : 0, 0, 0, packets, bytes);
      if (protocol === IP_PROTOCOL_NONE) continue;
      const source = word + SRC_ADDR;
      this.#sources.add(u32[source]!, u32[source + 1]!, u32[source + 2]!, u32[source + 3]!, packets, bytes);
      const port = u16[half + DST_PORT]!;
      if (PORTS[protocol] === 1 && port !== 0) this.#ports.add(protocol, port, 0, 0, packets, bytes);
    }
  }

  /** The interval's result; the next interval begins empty. */
  take(): RecordSummary {
    const summary = {
      records: this.#records,
      by_protocol: this.#protocols.top(TOP).map(({ key, packets, bytes }) => ({
        ip_protocol: key[0],
        ether_type: key[1],
        packets,
        bytes,
      })),
      top_sources: this.#sources.top(TOP).map(({ key, packets, bytes }) => ({ addr: addressOf(key), packets, bytes })),
      top_ports: this.#ports.top(TOP).map(({ key, packets, bytes }) => ({
        ip_protocol: key[0],
        port: key[1],
        packets,
        bytes,
      })),
      evicted: this.#sources.evicted,
    };
    for (const table of [this.#sources, this.#ports, this.#protocols]) table.clear();
    this.#records = 0;
    return summary;
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

function addressOf(key: readonly number[]): string {
  return formatAddress(new Uint8Array(new Uint32Array(key).buffer), 0);
}
