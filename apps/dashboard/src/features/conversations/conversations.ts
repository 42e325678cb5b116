import { PACKET_LOG_SIZE, PacketLogView } from '@packetlog/common';
import { isMarkerAt } from '../../node/rows/marker.ts';
import { byteOf, halfOf, RECORD_HALVES, RECORD_WORDS, RecordArrays, wordOf } from '../../node/rows/record-arrays.ts';
import type { RecordRing } from '../../node/rows/record-ring.ts';
import { DST, HAS_PORTS, hashOf, SRC, serviceOf } from './conversation-key.ts';
import { Recency } from './recency.ts';

const TIME = wordOf('timestamp_ns');
const LENGTH = halfOf('length');
const WEIGHT = halfOf('weight');
const SRC_PORT = halfOf('src_port');
const DST_PORT = halfOf('dst_port');
const ETHER_TYPE = halfOf('ether_type');
const PROTOCOL = byteOf('ip_protocol');
const FLAGS = byteOf('tcp_flags');
const ACTION = byteOf('action');
const REASON = byteOf('reason');

const NONE = -1;

/**
 * Groups rows by source, destination, service port, protocol, action and reason. The service port is the destination's,
 * or in a reply the source's; the other port differs between connections.
 *
 * All memory is allocated once, nothing per packet. When it is full, the conversation with one packet that was seen
 * longest ago is evicted and counted.
 */
export class Conversations {
  readonly capacity: number;
  size = 0;
  /** Conversations evicted because the memory was full. */
  evicted = 0;
  /** Rows that left the ring before they were counted. */
  missed = 0;
  /** Number of times that all conversations were cleared. */
  cleared = 0;
  /** Newest record of each conversation. */
  readonly newest: PacketLogView;
  /** Serial number by index: grows with each new conversation, 0 if the index is free. */
  readonly serial: Float64Array;
  readonly packets: Float64Array;
  /** Rows counted; fewer than packets while sampling. */
  readonly rows: Float64Array;
  readonly bytes: Float64Array;
  readonly firstMs: Float64Array;
  readonly lastMs: Float64Array;
  /** TCP flags set in any of its packets. */
  readonly flags: Uint8Array;
  /** Whether source ports, or destination ports, differ between its packets. */
  readonly manySourcePorts: Uint8Array;
  readonly manyDestinationPorts: Uint8Array;
  /** Result of `serviceOf`. */
  readonly service: Int32Array;
  readonly #newestRecords: RecordArrays;
  readonly #buckets: Int32Array;
  readonly #chain: Int32Array;
  readonly #recency: Recency;
  #nextSerial = 1;
  /** The next row to read; NONE before the first. */
  #readTo = NONE;
  #numbering = NONE;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.serial = new Float64Array(capacity);
    this.packets = new Float64Array(capacity);
    this.rows = new Float64Array(capacity);
    this.bytes = new Float64Array(capacity);
    this.firstMs = new Float64Array(capacity);
    this.lastMs = new Float64Array(capacity);
    this.flags = new Uint8Array(capacity);
    this.manySourcePorts = new Uint8Array(capacity);
    this.manyDestinationPorts = new Uint8Array(capacity);
    this.#newestRecords = new RecordArrays(new ArrayBuffer(capacity * PACKET_LOG_SIZE));
    this.newest = new PacketLogView(this.#newestRecords.bytes, {
      count: capacity,
      stride: PACKET_LOG_SIZE,
      recordOffset: 0,
    });
    this.service = new Int32Array(capacity);
    this.#buckets = new Int32Array(2 ** Math.ceil(Math.log2(capacity * 2))).fill(NONE);
    this.#chain = new Int32Array(capacity).fill(NONE);
    this.#recency = new Recency(capacity);
  }

  /**
   * Adds the rows below `to` that arrived since the last call; all of them if the ring has renumbered its rows. Returns
   * whether anything changed.
   */
  catchUp(ring: RecordRing, to: number): boolean {
    const renumbered = ring.numbering !== this.#numbering;
    if (renumbered) {
      this.clear();
      this.#numbering = ring.numbering;
    }
    const oldest = ring.end - ring.size;
    if (this.#readTo !== NONE) this.missed += Math.max(0, Math.min(oldest, to) - this.#readTo);
    for (let row = Math.max(this.#readTo, oldest); row < to; row++) {
      const slot = row % ring.capacity;
      if (!isMarkerAt(ring.bytes, slot * PACKET_LOG_SIZE)) this.#add(ring.asArrays, slot);
    }
    const changed = renumbered || to > this.#readTo;
    this.#readTo = Math.max(to, this.#readTo);
    return changed;
  }

  clear(): void {
    this.size = 0;
    this.evicted = 0;
    this.missed = 0;
    this.serial.fill(0);
    this.#buckets.fill(NONE);
    this.#recency.clear();
    this.#readTo = NONE;
    this.cleared++;
  }

  /** Protects the conversation from eviction while it is on the screen. -1 names no conversation. */
  touch(index: number): void {
    if (index >= 0 && this.serial[index] !== 0) this.#recency.touch(index);
  }

  /** Names an address: equal if and only if the addresses are. Cheaper than its text. */
  addressKey(index: number, side: 'src' | 'dst'): string {
    const at = index * RECORD_WORDS + (side === 'src' ? SRC : DST);
    return this.#newestRecords.words.subarray(at, at + 4).join();
  }

  /** Returns the newest rows of the conversation, newest first, as row numbers below `to`. */
  rowsOf(index: number, ring: RecordRing, to: number, max: number): number[] {
    const rows: number[] = [];
    const { asArrays } = ring;
    for (let row = to - 1; row >= ring.end - ring.size && rows.length < max; row--) {
      const slot = row % ring.capacity;
      if (isMarkerAt(ring.bytes, slot * PACKET_LOG_SIZE)) continue;
      if (this.#isSame(index, asArrays, slot, serviceOf(asArrays, slot))) rows.push(row);
    }
    return rows;
  }

  #add(records: RecordArrays, slot: number): void {
    const service = serviceOf(records, slot);
    const bucket = hashOf(records, slot, service) & (this.#buckets.length - 1);
    let index = this.#buckets[bucket] as number;
    while (index !== NONE && !this.#isSame(index, records, slot, service)) index = this.#chain[index] as number;
    const { words, halves, bytes } = records;
    const word = slot * RECORD_WORDS;
    const half = slot * RECORD_HALVES;
    const ms = ((words[word + TIME + 1] as number) * 0x1_0000_0000 + (words[word + TIME] as number)) / 1e6;
    const weight = halves[half + WEIGHT] as number;
    const length = halves[half + LENGTH] as number;
    const flags = HAS_PORTS[bytes[slot * PACKET_LOG_SIZE + PROTOCOL] as number]
      ? (bytes[slot * PACKET_LOG_SIZE + FLAGS] as number)
      : 0;
    if (index === NONE) {
      index = this.#newIndex(bucket);
      this.serial[index] = this.#nextSerial++;
      this.packets[index] = weight;
      this.rows[index] = 1;
      this.bytes[index] = weight * length;
      this.firstMs[index] = ms;
      this.flags[index] = flags;
      this.manySourcePorts[index] = 0;
      this.manyDestinationPorts[index] = 0;
      this.service[index] = service;
      this.#recency.insert(index);
    } else {
      const storedHalf = index * RECORD_HALVES;
      this.packets[index] = (this.packets[index] as number) + weight;
      this.rows[index] = (this.rows[index] as number) + 1;
      this.bytes[index] = (this.bytes[index] as number) + weight * length;
      this.flags[index] = (this.flags[index] as number) | flags;
      if (this.#newestRecords.halves[storedHalf + SRC_PORT] !== halves[half + SRC_PORT])
        this.manySourcePorts[index] = 1;
      if (this.#newestRecords.halves[storedHalf + DST_PORT] !== halves[half + DST_PORT])
        this.manyDestinationPorts[index] = 1;
      this.#recency.touch(index);
    }
    this.lastMs[index] = ms;
    const stored = index * RECORD_WORDS;
    for (let i = 0; i < RECORD_WORDS; i++) this.#newestRecords.words[stored + i] = words[word + i] as number;
  }

  #newIndex(bucket: number): number {
    let index = this.size;
    if (index < this.capacity) this.size++;
    else {
      index = this.#recency.evict();
      this.#unchain(index);
      this.evicted++;
    }
    this.#chain[index] = this.#buckets[bucket] as number;
    this.#buckets[bucket] = index;
    return index;
  }

  #unchain(index: number): void {
    const bucket = hashOf(this.#newestRecords, index, this.service[index] as number) & (this.#buckets.length - 1);
    const next = this.#chain[index] as number;
    if (this.#buckets[bucket] === index) {
      this.#buckets[bucket] = next;
      return;
    }
    let before = this.#buckets[bucket] as number;
    while (this.#chain[before] !== index) before = this.#chain[before] as number;
    this.#chain[before] = next;
  }

  #isSame(index: number, records: RecordArrays, slot: number, service: number): boolean {
    if (this.service[index] !== service) return false;
    const stored = this.#newestRecords.words;
    const other = records.words;
    const a = index * RECORD_WORDS;
    const b = slot * RECORD_WORDS;
    for (let i = 0; i < 4; i++) {
      if (stored[a + SRC + i] !== other[b + SRC + i] || stored[a + DST + i] !== other[b + DST + i]) return false;
    }
    const x = index * PACKET_LOG_SIZE;
    const y = slot * PACKET_LOG_SIZE;
    return (
      this.#newestRecords.bytes[x + PROTOCOL] === records.bytes[y + PROTOCOL] &&
      this.#newestRecords.bytes[x + ACTION] === records.bytes[y + ACTION] &&
      this.#newestRecords.bytes[x + REASON] === records.bytes[y + REASON] &&
      this.#newestRecords.halves[index * RECORD_HALVES + ETHER_TYPE] ===
        records.halves[slot * RECORD_HALVES + ETHER_TYPE]
    );
  }
}
