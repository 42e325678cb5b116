import { ETHER_TYPE_IPV4, ETHER_TYPE_IPV6, hasPorts, PACKET_LOG_SIZE, PacketLogView } from '@packetlog/common';
import { isMarkerAt } from '../../node/rows/marker.ts';
import { byteOf, halfOf, RECORD_HALVES, RECORD_WORDS, RecordWords, wordOf } from '../../node/rows/record-arrays.ts';
import type { RecordRing } from '../../node/rows/record-ring.ts';
import { Recency } from './recency.ts';

const TIME = wordOf('timestamp_ns');
const SRC = wordOf('src_addr');
const DST = wordOf('dst_addr');
const LENGTH = halfOf('length');
const WEIGHT = halfOf('weight');
const SRC_PORT = halfOf('src_port');
const DST_PORT = halfOf('dst_port');
const ETHER_TYPE = halfOf('ether_type');
const PROTOCOL = byteOf('ip_protocol');
const FLAGS = byteOf('tcp_flags');
const ACTION = byteOf('action');
const REASON = byteOf('reason');

const HAS_PORTS = Uint8Array.from({ length: 256 }, (_, protocol) => (hasPorts(protocol) ? 1 : 0));
/** Systems choose the port of who asks from here on: 32768 with Linux, 49152 with most others. */
const CHOSEN_PORTS = 32_768;
const ANSWER = 0x1_0000;
const NONE = -1;

/**
 * Rows put together: the same source, destination, service port, protocol, action and reason. The service port is the
 * destination's, or in an answer the source's; the other one may change, as it does with each connection.
 *
 * Memory is allocated once. When there is no room, who came once and longest ago is given up, and counted. Nothing is
 * allocated for a packet.
 */
export class Conversations {
  readonly capacity: number;
  size = 0;
  /** Conversations that were given up because others needed the room. */
  evicted = 0;
  /** Rows that left the ring before they were added up: it was asked for too late. */
  missed = 0;
  /** How often all were forgotten. */
  cleared = 0;
  /** The newest record of each. */
  readonly newest: PacketLogView;
  /** For each place: what they are since when. A number that grows with each new conversation, 0 where there is none. */
  readonly serial: Float64Array;
  readonly packets: Float64Array;
  readonly bytes: Float64Array;
  readonly firstMs: Float64Array;
  readonly lastMs: Float64Array;
  /** All TCP flags that were set in any of its packets. */
  readonly flags: Uint8Array;
  /** Whether its packets have source ports, or destination ports, that differ. */
  readonly manySourcePorts: Uint8Array;
  readonly manyDestinationPorts: Uint8Array;
  readonly #kept: RecordWords;
  readonly #service: Int32Array;
  readonly #buckets: Int32Array;
  readonly #chain: Int32Array;
  readonly #recency: Recency;
  #nextSerial = 1;
  /** NONE: no row yet. */
  #readTo = NONE;
  #numbering = NONE;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.serial = new Float64Array(capacity);
    this.packets = new Float64Array(capacity);
    this.bytes = new Float64Array(capacity);
    this.firstMs = new Float64Array(capacity);
    this.lastMs = new Float64Array(capacity);
    this.flags = new Uint8Array(capacity);
    this.manySourcePorts = new Uint8Array(capacity);
    this.manyDestinationPorts = new Uint8Array(capacity);
    this.#kept = new RecordWords(new ArrayBuffer(capacity * PACKET_LOG_SIZE));
    this.newest = new PacketLogView(this.#kept.bytes, { count: capacity, stride: PACKET_LOG_SIZE, recordOffset: 0 });
    this.#service = new Int32Array(capacity);
    this.#buckets = new Int32Array(2 ** Math.ceil(Math.log2(capacity * 2))).fill(NONE);
    this.#chain = new Int32Array(capacity).fill(NONE);
    this.#recency = new Recency(capacity);
  }

  /**
   * Takes the rows below `to` that came since the last call; all of them if the ring numbers its rows anew. Says whether
   * anything changed.
   */
  catchUp(ring: RecordRing, to: number): boolean {
    const anew = ring.numbering !== this.#numbering;
    if (anew) {
      this.clear();
      this.#numbering = ring.numbering;
    }
    const oldest = ring.end - ring.size;
    if (this.#readTo !== NONE) this.missed += Math.max(0, Math.min(oldest, to) - this.#readTo);
    for (let row = Math.max(this.#readTo, oldest); row < to; row++) {
      const slot = row % ring.capacity;
      if (!isMarkerAt(ring.bytes, slot * PACKET_LOG_SIZE)) this.#add(ring.asWords, slot);
    }
    const changed = anew || to > this.#readTo;
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

  /** It stays while others need room: somebody looks at it. */
  keep(place: number): void {
    if (this.serial[place] !== 0) this.#recency.meetAgain(place);
  }

  /** The newest rows of the conversation, as numbers in the ring below `to`, newest first. */
  rowsOf(place: number, ring: RecordRing, to: number, most: number): number[] {
    const rows: number[] = [];
    const { asWords } = ring;
    for (let row = to - 1; row >= ring.end - ring.size && rows.length < most; row--) {
      const slot = row % ring.capacity;
      if (isMarkerAt(ring.bytes, slot * PACKET_LOG_SIZE)) continue;
      if (this.#isSame(place, asWords, slot, serviceOf(asWords, slot))) rows.push(row);
    }
    return rows;
  }

  #add(records: RecordWords, slot: number): void {
    const service = serviceOf(records, slot);
    const bucket = hashOf(records, slot, service) & (this.#buckets.length - 1);
    let place = this.#buckets[bucket] as number;
    while (place !== NONE && !this.#isSame(place, records, slot, service)) place = this.#chain[place] as number;
    const { words, halves, bytes } = records;
    const word = slot * RECORD_WORDS;
    const half = slot * RECORD_HALVES;
    const ms = ((words[word + TIME + 1] as number) * 0x1_0000_0000 + (words[word + TIME] as number)) / 1e6;
    const weight = halves[half + WEIGHT] as number;
    const length = halves[half + LENGTH] as number;
    const flags = HAS_PORTS[bytes[slot * PACKET_LOG_SIZE + PROTOCOL] as number]
      ? (bytes[slot * PACKET_LOG_SIZE + FLAGS] as number)
      : 0;
    if (place === NONE) {
      place = this.#newPlace(bucket);
      this.serial[place] = this.#nextSerial++;
      this.packets[place] = weight;
      this.bytes[place] = weight * length;
      this.firstMs[place] = ms;
      this.flags[place] = flags;
      this.manySourcePorts[place] = 0;
      this.manyDestinationPorts[place] = 0;
      this.#service[place] = service;
      this.#recency.meet(place);
    } else {
      const keptHalf = place * RECORD_HALVES;
      this.packets[place] = (this.packets[place] as number) + weight;
      this.bytes[place] = (this.bytes[place] as number) + weight * length;
      this.flags[place] = (this.flags[place] as number) | flags;
      if (this.#kept.halves[keptHalf + SRC_PORT] !== halves[half + SRC_PORT]) this.manySourcePorts[place] = 1;
      if (this.#kept.halves[keptHalf + DST_PORT] !== halves[half + DST_PORT]) this.manyDestinationPorts[place] = 1;
      this.#recency.meetAgain(place);
    }
    this.lastMs[place] = ms;
    const kept = place * RECORD_WORDS;
    for (let i = 0; i < RECORD_WORDS; i++) this.#kept.words[kept + i] = words[word + i] as number;
  }

  #newPlace(bucket: number): number {
    let place = this.size;
    if (place < this.capacity) this.size++;
    else {
      place = this.#recency.giveUp();
      this.#unchain(place);
      this.evicted++;
    }
    this.#chain[place] = this.#buckets[bucket] as number;
    this.#buckets[bucket] = place;
    return place;
  }

  #unchain(place: number): void {
    const bucket = hashOf(this.#kept, place, this.#service[place] as number) & (this.#buckets.length - 1);
    const next = this.#chain[place] as number;
    if (this.#buckets[bucket] === place) {
      this.#buckets[bucket] = next;
      return;
    }
    let before = this.#buckets[bucket] as number;
    while (this.#chain[before] !== place) before = this.#chain[before] as number;
    this.#chain[before] = next;
  }

  #isSame(place: number, records: RecordWords, slot: number, service: number): boolean {
    if (this.#service[place] !== service) return false;
    const kept = this.#kept.words;
    const other = records.words;
    const a = place * RECORD_WORDS;
    const b = slot * RECORD_WORDS;
    for (let i = 0; i < 4; i++) {
      if (kept[a + SRC + i] !== other[b + SRC + i] || kept[a + DST + i] !== other[b + DST + i]) return false;
    }
    const x = place * PACKET_LOG_SIZE;
    const y = slot * PACKET_LOG_SIZE;
    return (
      this.#kept.bytes[x + PROTOCOL] === records.bytes[y + PROTOCOL] &&
      this.#kept.bytes[x + ACTION] === records.bytes[y + ACTION] &&
      this.#kept.bytes[x + REASON] === records.bytes[y + REASON] &&
      this.#kept.halves[place * RECORD_HALVES + ETHER_TYPE] === records.halves[slot * RECORD_HALVES + ETHER_TYPE]
    );
  }
}

/** The port that says what it is about, marked if it is the source's; of ICMP, type and code. */
function serviceOf({ halves, bytes }: RecordWords, slot: number): number {
  const half = slot * RECORD_HALVES;
  const etherType = halves[half + ETHER_TYPE];
  if (etherType !== ETHER_TYPE_IPV4 && etherType !== ETHER_TYPE_IPV6) return 0;
  const from = halves[half + SRC_PORT] as number;
  const to = halves[half + DST_PORT] as number;
  const answers =
    HAS_PORTS[bytes[slot * PACKET_LOG_SIZE + PROTOCOL] as number] === 1 &&
    to >= CHOSEN_PORTS &&
    from < CHOSEN_PORTS &&
    from !== 0;
  return answers ? from | ANSWER : to;
}

function hashOf({ words, bytes }: RecordWords, slot: number, service: number): number {
  const at = slot * RECORD_WORDS;
  let hash = Math.imul(service ^ ((bytes[slot * PACKET_LOG_SIZE + PROTOCOL] as number) << 20), 0x9e3779b1);
  for (let i = 0; i < 4; i++) {
    hash = Math.imul(hash ^ (words[at + SRC + i] as number), 0x85ebca6b);
    hash ^= hash >>> 15;
    hash = Math.imul(hash ^ (words[at + DST + i] as number), 0xc2b2ae35);
    hash ^= hash >>> 13;
  }
  return hash ^ (hash >>> 16);
}
