/**
 * Evaluates limits over recorded packets in the order of time, each limit alone, as if all of them observed. What a limit
 * measures is exact if each packet has a record, but connections: a record does not say whether the kernel verified one,
 * so they are TCP connections with a SYN and an ACK after it, which forged packets may look like.
 */
import { limitNumbers, PACKET_LOG_SIZE, type Rule } from '@packetlog/common';
import { recordFacts } from '../rules/evaluator/record-facts.ts';
import type { PacketFacts, RuleImage } from '../rules/evaluator/rule-image.ts';
import { Acknowledged, OFFSET, opensConnection, TCP, UDP } from './acknowledged.ts';
import { type BucketKey, LimitBuckets, Room } from './limit-buckets.ts';

/** Of all limits: about 20 MiB. */
const MAX_BUCKETS = 131_072;
/** Records of several CPUs are late by less; a larger step back is one of the clock. */
const MAX_LATE_NS = 1e9;
const ANY_TIME = 0n;
const FULL_MASK = 0xffff_ffff;

/** Records of a segment that belong to the range, and the interfaces of that time. */
export interface ReplayPart {
  /** By ifindex. */
  readonly slots: ReadonlyMap<number, number>;
  /** 1 for each record in the range; undefined: all. */
  readonly rows: Uint8Array | undefined;
}

export class LimitReplay {
  readonly #image: RuleImage;
  readonly #limits: ReadonlyMap<number, LimitBuckets>;
  readonly #acknowledged = new Acknowledged();
  readonly #hasConnections: boolean;
  /** Time of the first record. */
  #baseNs: bigint | undefined;
  /** Added to later times, so that time does not go back when the clock was set. */
  #skewNs = 0;
  #lastNs = 0;

  /** `rules`: those of `image`. */
  constructor(image: RuleImage, rules: readonly Rule[], maxBuckets = MAX_BUCKETS) {
    const room = new Room(maxBuckets);
    this.#image = image;
    this.#limits = new Map(
      rules
        .filter(({ action }) => action === 'limit')
        .map((rule) => [rule.id, new LimitBuckets(limitNumbers(rule), room)]),
    );
    this.#hasConnections = [...this.#limits.values()].some(({ numbers }) => numbers.measure === 'connections');
  }

  /** By rule id. */
  get limits(): ReadonlyMap<number, LimitBuckets> {
    return this.#limits;
  }

  /** Returns the wall clock at which a limit was over first, in ns. */
  firstOverNs({ firstOverNs }: LimitBuckets): bigint | undefined {
    return firstOverNs === undefined || this.#baseNs === undefined
      ? undefined
      : this.#baseNs + BigInt(Math.round(firstOverNs));
  }

  /** Adds the records of a segment. Call it in the order of segments. */
  add(records: Uint8Array, parts: readonly ReplayPart[]): void {
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
    const order = inOrder(view, records.byteLength / PACKET_LOG_SIZE);
    for (const { slots, rows } of parts) {
      for (const i of order) if (rows === undefined || rows[i] === 1) this.#record(records, view, i, slots);
    }
  }

  #record(records: Uint8Array, view: DataView, i: number, slots: ReadonlyMap<number, number>): void {
    const at = i * PACKET_LOG_SIZE;
    const facts = recordFacts(records, at, slots);
    const ids = this.#image.limits(facts, ANY_TIME);
    if (ids.length === 0) return;
    const flags = view.getUint8(at + OFFSET.tcp_flags);
    const opens = opensConnection(facts.ipProtocol, flags);
    const isConnection = this.#hasConnections && facts.ipProtocol === TCP && this.#acknowledged.take(view, at);
    const atNs = this.#timeOf(view.getBigUint64(at + OFFSET.timestamp_ns, true));
    const weight = view.getUint16(at + OFFSET.weight, true);
    const length = view.getUint16(at + OFFSET.length, true);
    for (const id of ids) {
      const limit = this.#limits.get(id);
      if (limit === undefined) continue;
      const { measure } = limit.numbers;
      if (measure === 'syn' && !opens) continue;
      if (measure === 'connections' && !isConnection) continue;
      if (measure === 'ports' && !sees(facts, opens)) continue;
      const port = facts.destinationPort ?? 0;
      limit.add({ key: keyOf(limit, view, at, facts), atNs, weight, length, port });
    }
  }

  #timeOf(timestampNs: bigint): number {
    this.#baseNs ??= timestampNs;
    let time = Number(timestampNs - this.#baseNs) + this.#skewNs;
    if (time < this.#lastNs - MAX_LATE_NS) {
      this.#skewNs += this.#lastNs - time;
      time = this.#lastNs;
    }
    this.#lastNs = Math.max(this.#lastNs, time);
    return this.#lastNs;
  }
}

/** Returns the numbers of the records in the order of time. */
export function inOrder(view: DataView, count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const times = new BigUint64Array(count);
  let isSorted = true;
  for (let i = 0; i < count; i++) {
    times[i] = view.getBigUint64(i * PACKET_LOG_SIZE + OFFSET.timestamp_ns, true);
    isSorted &&= i === 0 || (times[i] as bigint) >= (times[i - 1] as bigint);
  }
  if (isSorted) return order;
  return order.sort((a, b) => Number((times[a] as bigint) - (times[b] as bigint)) || a - b);
}

function sees({ ipProtocol, destinationPort }: PacketFacts, opens: boolean): boolean {
  return destinationPort !== undefined && (opens || ipProtocol === UDP);
}

/** As `limit_key` of packages/bpf/src/xdp/limit_state.h. */
function keyOf({ numbers: { per } }: LimitBuckets, view: DataView, at: number, facts: PacketFacts): BucketKey {
  if (per.kind === 'rule') return 0;
  if (per.kind === 'port') return (facts.ipProtocol << 16) | (facts.destinationPort ?? 0);
  const { source } = facts;
  if (source?.length === 1) return ((source[0] as number) & masked(per.bits4)) >>> 0;
  const [high, low] =
    source === undefined ? [0, 0] : [view.getUint32(at + OFFSET.src_addr), view.getUint32(at + OFFSET.src_addr + 4)];
  const words = [high & masked(per.bits6), low & masked(per.bits6 - 32)].map((word) => (word >>> 0).toString(16));
  return words.map((word) => word.padStart(8, '0')).join('');
}

/** Returns the mask of a word, of which `bits` are kept. */
function masked(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? FULL_MASK : ~(FULL_MASK >>> bits);
}
