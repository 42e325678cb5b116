/**
 * Connection attempts by source, for the decisions about bans: counts of the last minute and the newest records. A fixed
 * table, which exists while a limit bans. Pure.
 *
 * ```
 *  hash of limit and bucket ─► set of 4 entries: {limit, bucket, counts of 60 s, 8 records}
 * ```
 * A full set gives up the entry with the fewest attempts, so that forged sources with a SYN each do not push out an offender.
 */
import {
  ACTIONS,
  FIELD_OFFSETS,
  MAX_DECISION_SAMPLES,
  type Network,
  PACKET_LOG_SIZE,
  REASONS,
} from '@packetlog/common';
import type { AttemptEvidence, WatchedAttempts } from '../../ipc/evidence/attempt-evidence.ts';

const SETS = 1024;
const WAYS = 4;
const SECONDS = 60;
const MAX_PORTS = 16;
const TCP = 6;
const [SYN, ACK] = [0x02, 0x10];
const IPV4_BITS = 32;
const MAPPED = 0xffff;

const { src_addr, dst_port, weight, ip_protocol, tcp_flags, action, reason } = FIELD_OFFSETS;

interface Entry {
  limit: number;
  /** Upper and lower half of the bucket; of IPv4, MAPPED and the address. */
  high: number;
  low: number;
  /** Since the entry exists. */
  total: number;
  lastSecond: number;
  readonly counts: Uint32Array;
  readonly samples: Uint8Array;
  sampled: number;
  hasWeights: boolean;
}

export class Attempts {
  #limits: readonly WatchedAttempts[] = [];
  /** Empty while no limit bans. */
  #entries: (Entry | undefined)[] = [];

  /** Follows these limits from now on. */
  watch(limits: readonly WatchedAttempts[]): void {
    if (limits.length === 0) this.#entries = [];
    else if (this.#entries.length === 0) this.#entries = new Array(SETS * WAYS);
    this.#limits = limits;
  }

  /** Adds `count` records, the first at `offset`. `nowMs`: monotonic. */
  add(memory: Uint8Array, offset: number, count: number, stride: number, nowMs: number): void {
    if (this.#limits.length === 0) return;
    const second = Math.floor(nowMs / 1000);
    for (let i = 0, at = offset; i < count; i++, at += stride) {
      if (isAttempt(memory, at)) this.#attempt(memory, at, second);
    }
  }

  /** Returns what is known of a source that a limit has found over. */
  evidence(limit: number, source: Network, nowMs: number): AttemptEvidence {
    const watched = this.#limits.find(({ rule }) => rule === limit);
    const entry = watched && this.#find(limit, ...bucketOf(source.bytes, 0, watched));
    if (entry === undefined)
      return { in_1_s: 0, in_10_s: 0, in_60_s: 0, ports: [], samples: new Uint8Array(0), isSampled: false };
    const second = Math.floor(nowMs / 1000);
    forget(entry, second);
    const at = (back: number) => entry.counts[(second + SECONDS - back) % SECONDS] as number;
    const last = (seconds: number) => Array.from({ length: seconds }, (_, back) => at(back)).reduce((a, b) => a + b);
    const samples = samplesOf(entry);
    return {
      // The current second has just begun.
      in_1_s: Math.max(at(0), at(1)),
      in_10_s: last(10),
      in_60_s: last(SECONDS),
      ports: portsOf(samples),
      samples,
      isSampled: entry.hasWeights,
    };
  }

  #attempt(memory: Uint8Array, at: number, second: number): void {
    const port = readUint16(memory, at + dst_port);
    for (const limit of this.#limits) {
      if (port < limit.fromPort || port > limit.toPort) continue;
      const [high, low] = bucketOf(memory, at + src_addr, limit);
      const entry = this.#find(limit.rule, high, low) ?? this.#make(limit.rule, high, low, second);
      forget(entry, second);
      const packets = readUint16(memory, at + weight);
      entry.counts[second % SECONDS] = (entry.counts[second % SECONDS] as number) + packets;
      entry.total += packets;
      entry.hasWeights ||= packets > 1;
      entry.samples.set(
        memory.subarray(at, at + PACKET_LOG_SIZE),
        (entry.sampled++ % MAX_DECISION_SAMPLES) * PACKET_LOG_SIZE,
      );
    }
  }

  #find(limit: number, high: number, low: number): Entry | undefined {
    const set = setOf(limit, high, low);
    for (let way = 0; way < WAYS; way++) {
      const entry = this.#entries[set + way];
      if (entry !== undefined && entry.low === low && entry.high === high && entry.limit === limit) return entry;
    }
    return undefined;
  }

  #make(limit: number, high: number, low: number, second: number): Entry {
    const set = setOf(limit, high, low);
    let worst = set;
    for (let way = 0; way < WAYS; way++) {
      const entry = this.#entries[set + way];
      if (entry === undefined || second - entry.lastSecond >= SECONDS) {
        worst = set + way;
        break;
      }
      if (entry.total < (this.#entries[worst] as Entry).total) worst = set + way;
    }
    const known = this.#entries[worst];
    const counts = known?.counts.fill(0) ?? new Uint32Array(SECONDS);
    const samples = known?.samples ?? new Uint8Array(MAX_DECISION_SAMPLES * PACKET_LOG_SIZE);
    const entry = { limit, high, low, total: 0, lastSecond: second, counts, samples, sampled: 0, hasWeights: false };
    this.#entries[worst] = entry;
    return entry;
  }
}

/** A SYN that no deny rule and no default policy has denied: a limit may have seen it. */
function isAttempt(memory: Uint8Array, at: number): boolean {
  if (memory[at + ip_protocol] !== TCP || ((memory[at + tcp_flags] as number) & (SYN | ACK)) !== SYN) return false;
  return memory[at + action] !== ACTIONS.deny || memory[at + reason] === REASONS.limit;
}

/** Clears the seconds that have passed since the last attempt. */
function forget(entry: Entry, second: number): void {
  const passed = Math.min(SECONDS, second - entry.lastSecond);
  for (let ahead = 1; ahead <= passed; ahead++) entry.counts[(entry.lastSecond + ahead) % SECONDS] = 0;
  entry.lastSecond = Math.max(entry.lastSecond, second);
}

/** Reads the bucket of an address, 16 bytes in network order. */
function bucketOf(bytes: Uint8Array, at: number, { bits4, bits6 }: WatchedAttempts): [high: number, low: number] {
  const [first, second, third] = [readWord(bytes, at), readWord(bytes, at + 4), readWord(bytes, at + 8)];
  if (first === 0 && second === 0 && third === MAPPED) return [MAPPED, masked(readWord(bytes, at + 12), bits4)];
  return [masked(first, bits6), masked(second, bits6 - IPV4_BITS)];
}

function masked(word: number, bits: number): number {
  if (bits <= 0) return 0;
  return bits >= IPV4_BITS ? word : (word & (0xffff_ffff << (IPV4_BITS - bits))) >>> 0;
}

function setOf(limit: number, high: number, low: number): number {
  let hash = Math.imul(low ^ Math.imul(high, 0x9e37_79b1) ^ Math.imul(limit, 0x85eb_ca6b), 0xc2b2_ae35);
  hash ^= hash >>> 15;
  return ((Math.imul(hash, 0x27d4_eb2f) >>> 16) % SETS) * WAYS;
}

/** Returns the newest records, the newest last. */
function samplesOf({ samples, sampled }: Entry): Uint8Array {
  const count = Math.min(sampled, MAX_DECISION_SAMPLES);
  const copy = new Uint8Array(count * PACKET_LOG_SIZE);
  for (let i = 0; i < count; i++) {
    const from = ((sampled - count + i) % MAX_DECISION_SAMPLES) * PACKET_LOG_SIZE;
    copy.set(samples.subarray(from, from + PACKET_LOG_SIZE), i * PACKET_LOG_SIZE);
  }
  return copy;
}

function portsOf(samples: Uint8Array): number[] {
  const ports = new Set<number>();
  for (let at = 0; at < samples.length; at += PACKET_LOG_SIZE) ports.add(readUint16(samples, at + dst_port));
  return [...ports].slice(0, MAX_PORTS).sort((a, b) => a - b);
}

function readUint16(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
}

function readWord(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}
