/**
 * Records like those of a small public server, the same ones for the same seed: 5,000 clients whose shares follow Zipf's
 * law (30 % of them IPv6) with connections of several packets, every second one right after the one before, and scanners,
 * which rules deny: 64 at a time, about 400,000 in 24 h.
 */
import { PACKET_LOG_SIZE } from '@packetlog/common';

const CLIENTS = 5000;
const SCANNERS_AT_ONCE = 64;
const PACKETS_PER_SCANNER = 6.4;
/** Of the records that follow no other one. */
const SCAN_SHARE = 0.23;
const IPV6_SHARE = 0.3;
/** 20 million records in 24 h, of which 43 % follow another one at once. */
const MEAN_INTERVAL_NS = 7_600_000;
const FOLLOWING_INTERVAL_NS = 80_000;
const FOLLOWING_SHARE = 0.5;
const PORTS = [443, 80, 22, 53, 25, 8080, 123, 993, 587, 3306, 5432, 6379, 8443, 3389, 23, 445, 21, 110, 143, 5060];
const WORDS = PACKET_LOG_SIZE / 4;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const [ICMP, TCP, UDP] = [1, 6, 17];
const DATA_LENGTHS = [66, 66, 66, 1514, 1514, 54, 118, 571];

export class GeneratedTraffic {
  #state: number;
  #time: bigint;
  /** Cumulative shares of the clients. */
  readonly #shares: Float64Array;
  readonly #clientPorts = new Uint16Array(CLIENTS);
  readonly #scanners = Uint32Array.from({ length: SCANNERS_AT_ONCE }, (_, i) => i);
  #scannersSeen = SCANNERS_AT_ONCE;
  /** The client that sends the next record; below 0: none. */
  #sending = -1;

  constructor({ seed = 1, startNs = 1_700_000_000_000_000_000n } = {}) {
    this.#state = seed >>> 0;
    this.#time = startNs;
    this.#shares = zipf(CLIENTS);
  }

  /** Returns the next `count` records. */
  take(count: number): Uint8Array {
    const words = new Uint32Array(count * WORDS);
    for (let at = 0; at < words.length; at += WORDS) {
      const interval = this.#sending < 0 ? MEAN_INTERVAL_NS : FOLLOWING_INTERVAL_NS;
      this.#time += BigInt(Math.ceil(-Math.log(1 - this.#random()) * interval));
      words[at] = Number(this.#time & 0xffff_ffffn);
      words[at + 1] = Number(this.#time >> 32n);
      words[at + 11] = 2;
      if (this.#sending < 0 && this.#random() < SCAN_SHARE) this.#scan(words, at);
      else this.#connection(words, at);
    }
    return new Uint8Array(words.buffer);
  }

  #scan(words: Uint32Array, at: number): void {
    const which = this.#integer(SCANNERS_AT_ONCE);
    if (this.#random() < 1 / PACKETS_PER_SCANNER) this.#scanners[which] = this.#scannersSeen++;
    const scanner = this.#scanners[which] as number;
    const isV6 = scanner % 10 === 0;
    writeAddresses(words, at, isV6, 0x9e37_79b9 * (scanner + 1), scanner);
    words[at + 10] = 7 + (scanner % 3);
    words[at + 12] = (isV6 ? 74 : 60) | (1 << 16);
    words[at + 13] = (1024 + this.#integer(64_000)) | ((PORTS[this.#integer(PORTS.length)] as number) << 16);
    words[at + 14] = isV6 ? IPV6 : IPV4;
    // SYN; denied by a rule.
    words[at + 15] = TCP | (0x02 << 8) | (1 << 16) | (1 << 24);
  }

  #connection(words: Uint32Array, at: number): void {
    const client = this.#sending < 0 ? indexIn(this.#shares, this.#random()) : this.#sending;
    this.#sending = this.#random() < FOLLOWING_SHARE ? client : -1;
    const isV6 = client % 10 < 10 * IPV6_SHARE;
    writeAddresses(words, at, isV6, 0x85eb_ca6b * (client + 1), client);
    const isNew = this.#clientPorts[client] === 0 || this.#random() < 1 / 12;
    if (isNew) this.#clientPorts[client] = 32_768 + this.#integer(28_000);
    const service = PORTS[Math.floor(PORTS.length * this.#random() ** 3)] as number;
    const protocol = client % 50 === 7 ? ICMP : service === 53 || service === 123 || client % 8 === 3 ? UDP : TCP;
    const flags = protocol !== TCP ? 0 : isNew ? 0x02 : this.#random() < 0.6 ? 0x10 : 0x18;
    const length = isNew ? 74 : (DATA_LENGTHS[this.#integer(DATA_LENGTHS.length)] as number);
    words[at + 12] = length | (1 << 16);
    words[at + 13] = protocol === ICMP ? 0x0800 << 16 : (this.#clientPorts[client] as number) | (service << 16);
    words[at + 14] = isV6 ? IPV6 : IPV4;
    words[at + 15] = protocol | (flags << 8) | (2 << 16);
  }

  #integer(below: number): number {
    return Math.floor(this.#random() * below);
  }

  /** Mulberry32: 0 to 1. */
  #random(): number {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

/** From an address of documentation or a scanner's to this server. `spread`: decides the network, `host` the rest. */
function writeAddresses(words: Uint32Array, at: number, isV6: boolean, spread: number, host: number): void {
  if (isV6) {
    words[at + 2] = 0xb80d_0120;
    words[at + 3] = spread;
    words[at + 5] = Math.imul(host, 0x27d4_eb2f);
    words[at + 6] = 0xb80d_0120;
    words[at + 9] = 0x0100_0000;
    return;
  }
  words[at + 4] = 0xffff_0000;
  words[at + 5] = spread;
  words[at + 8] = 0xffff_0000;
  words[at + 9] = 0x0200_00c0;
}

function zipf(size: number): Float64Array {
  const shares = new Float64Array(size);
  let sum = 0;
  for (let i = 0; i < size; i++) shares[i] = sum += 1 / (i + 1);
  return shares.map((share) => share / sum);
}

/** Returns the first index whose cumulative share is above `value`. */
function indexIn(shares: Float64Array, value: number): number {
  let low = 0;
  let high = shares.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((shares[middle] as number) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
