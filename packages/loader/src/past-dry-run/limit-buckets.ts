/** The buckets of one limit, exact: the generic cell rate algorithm without the kernel's cells and ticks. Pure. */
import type { LimitNumbers } from '@packetlog/common';
import { bucketText } from '../xdp/limits/bucket-text.ts';

const NS_PER_SECOND = 1e9;
const NS_PER_MS = 1e6;
/** A burst may be this much of a packet longer: sums of rounded costs must not make a sender over. */
const ROUNDING = 1e-6;
/** As many as the kernel remembers: LIMIT_WIDE_ENTRY.max_ports. */
const PORTS_REMEMBERED = 24;
const MAX_LISTED = 10;

/** A source as a number (IPv4) or as the hexadecimal upper half of an IPv6 address; a protocol and port; or 0. */
export type BucketKey = number | string;

/** A packet, or the packets that a sampled record stands for. */
export interface Measured {
  readonly key: BucketKey;
  /** Never decreases. */
  readonly atNs: number;
  readonly weight: number;
  /** Of the frame. */
  readonly length: number;
  readonly port: number;
}

interface Bucket {
  /** When it is empty. */
  arrivalNs: number;
  blockedUntilNs: number;
  over: number;
  ports: number[] | undefined;
}

export interface OverBucket {
  /** `203.0.113.7`, `2001:db8::/64`, `tcp port 22`, or `all`. */
  readonly bucket: string;
  readonly over: number;
}

/** How many buckets all limits of a dry run may have. */
export class Room {
  left: number;

  constructor(left: number) {
    this.left = left;
  }
}

export class LimitBuckets {
  readonly numbers: LimitNumbers;
  seen = 0;
  over = 0;
  /** Packets of buckets for which there was no room. */
  notEvaluated = 0;
  firstOverNs: number | undefined;
  readonly #buckets = new Map<BucketKey, Bucket>();
  readonly #room: Room;
  readonly #costNs: number;
  readonly #fullNs: number;
  readonly #blockNs: number;
  #sweptAt = 0;

  constructor(numbers: LimitNumbers, room: Room) {
    this.numbers = numbers;
    this.#room = room;
    this.#costNs = (numbers.seconds * NS_PER_SECOND) / numbers.count;
    this.#fullNs = this.#costNs * (numbers.burst + ROUNDING);
    this.#blockNs = numbers.blockMs * NS_PER_MS;
  }

  /** Counts what the limit measures. */
  add(packet: Measured): void {
    const { weight, atNs } = packet;
    this.seen += weight;
    const bucket = this.#bucketOf(packet);
    if (bucket === undefined) {
      this.notEvaluated += weight;
      return;
    }
    const over = this.#over(bucket, packet);
    if (over === 0) return;
    bucket.over += over;
    this.over += over;
    this.firstOverNs ??= atNs;
  }

  /** Number of buckets that were over. */
  get overBuckets(): number {
    let count = 0;
    for (const { over } of this.#buckets.values()) if (over > 0) count++;
    return count;
  }

  /** Returns the buckets with the most packets over. */
  largest(): OverBucket[] {
    return [...this.#buckets]
      .filter(([, { over }]) => over > 0)
      .sort(([, a], [, b]) => b.over - a.over)
      .slice(0, MAX_LISTED)
      .map(([key, { over }]) => ({ bucket: this.#nameOf(key), over }));
  }

  /** Returns how many of the packets are over. */
  #over(bucket: Bucket, { atNs, weight, length, port }: Measured): number {
    if (atNs < bucket.blockedUntilNs) return weight;
    if (bucket.ports?.includes(port)) return 0;
    const cost = this.numbers.measure === 'bytes' ? this.#costNs * length : this.#costNs;
    const level = Math.max(0, bucket.arrivalNs - atNs);
    // A port that was charged is remembered: further packets to it cost nothing.
    const charged = bucket.ports === undefined ? weight : 1;
    const passed = Math.min(charged, Math.max(0, Math.floor((this.#fullNs - level) / cost)));
    bucket.arrivalNs = atNs + level + passed * cost;
    if (passed === charged) {
      if (bucket.ports) bucket.ports = [port, ...bucket.ports].slice(0, PORTS_REMEMBERED);
      return 0;
    }
    if (this.#blockNs > 0) {
      bucket.blockedUntilNs = atNs + this.#blockNs;
      // The level is full when the block begins.
      bucket.arrivalNs = atNs + this.#fullNs;
    }
    return bucket.ports === undefined ? weight - passed : weight;
  }

  #bucketOf({ key, atNs }: Measured): Bucket | undefined {
    const known = this.#buckets.get(key);
    if (known !== undefined) return known;
    if (this.#room.left === 0) this.#forgetEmpty(atNs);
    if (this.#room.left === 0) return undefined;
    this.#room.left--;
    const ports = this.numbers.measure === 'ports' ? [] : undefined;
    const bucket = { arrivalNs: 0, blockedUntilNs: 0, over: 0, ports };
    this.#buckets.set(key, bucket);
    return bucket;
  }

  /** An empty bucket is like a new one, and need not be kept unless it is listed. */
  #forgetEmpty(atNs: number): void {
    // It looks at all buckets: not again for each packet.
    if (this.seen - this.#sweptAt < this.#buckets.size) return;
    this.#sweptAt = this.seen;
    for (const [key, { arrivalNs, blockedUntilNs, over }] of this.#buckets) {
      if (over > 0 || arrivalNs > atNs || blockedUntilNs > atNs) continue;
      this.#buckets.delete(key);
      this.#room.left++;
    }
  }

  #nameOf(key: BucketKey): string {
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    if (typeof key === 'string') view.setBigUint64(0, BigInt(`0x${key}`));
    else if (this.numbers.per.kind === 'port') {
      view.setUint8(0, key >>> 16);
      view.setUint16(1, key & 0xffff, true);
    } else {
      view.setUint16(2, 0xffff);
      view.setUint32(4, key);
    }
    return bucketText(bytes, this.numbers.per);
  }
}
