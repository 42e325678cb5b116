/**
 * Finds scans, sweeps, floods and login attempts in records, second by second of their own timestamps. A function of the
 * records and the clock alone; memory and the work per record are bounded.
 */
import { FIELD_OFFSETS, REASONS } from '../record/layout.ts';
import { isMapped } from './addresses.ts';
import type { Findings } from './finding.ts';
import { FindingBook } from './finding-book.ts';
import { Floods } from './floods.ts';
import { Hashing } from './hashing.ts';
import { KnownSources } from './known-sources.ts';
import { LoginAttempts } from './login-attempts.ts';
import { LOGIN_PORTS } from './login-services.ts';
import { ObservedPacket } from './observed-packet.ts';
import { PendingConnections } from './pending-connections.ts';
import { ScannedPorts } from './scanned-ports.ts';
import { SweptAddresses } from './swept-addresses.ts';
import { CERTAIN_SYNS, FLOOD_RECORDS, ICMP_FLOOD, MAX_WORK, SYN_FLOOD, SYN_WORK } from './thresholds.ts';

const SRC_ADDR = FIELD_OFFSETS.src_addr / 4;
const DST_ADDR = FIELD_OFFSETS.dst_addr / 4;
const LENGTH = FIELD_OFFSETS.length / 2;
const WEIGHT = FIELD_OFFSETS.weight / 2;
const SRC_PORT = FIELD_OFFSETS.src_port / 2;
const DST_PORT = FIELD_OFFSETS.dst_port / 2;
const IP_PROTOCOL = FIELD_OFFSETS.ip_protocol;
const TCP_FLAGS = FIELD_OFFSETS.tcp_flags;
const REASON = FIELD_OFFSETS.reason;

const [TCP, ICMP, ICMP6] = [6, 1, 58];
/** `dst_port` of echo requests: type * 256. */
const [ECHO_REQUEST, ECHO_REQUEST_6] = [8 * 256, 128 * 256];
const [FIN, SYN, RST, ACK] = [0x01, 0x02, 0x04, 0x10];

const SECOND_NS = 1e9;
const NS_PER_MS = 1e6;
/** Records of the rings of other CPUs may be this late; older ones would be counted in the wrong second. */
const LATE_NS = 2e9;
/** After a longer pause, the seconds in between are not evaluated one by one. */
const MAX_STEPS = 120;
/** The clock was set back if it is this far behind the records. */
const SET_BACK_NS = 5e9;

/** Typed views of the memory that records lie in. */
interface Words {
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly i32: Int32Array;
}

export interface DetectorOptions {
  /** Of the hashes: random, so that senders cannot choose addresses that share a place; fixed for repeatable results. */
  readonly seed: number;
}

export class FindingsDetector {
  readonly #hashing: Hashing;
  readonly #packet = new ObservedPacket();
  readonly #pending = new PendingConnections();
  readonly #known = new KnownSources();
  readonly #scans: ScannedPorts;
  readonly #sweeps: SweptAddresses;
  readonly #logins: LoginAttempts;
  readonly #synFloods: Floods;
  readonly #icmpFloods: Floods;
  readonly #book = new FindingBook();
  readonly #words = new WeakMap<Uint8Array, Words>();
  /** The current second, by the records' timestamps in ns. */
  #startNs = 0;
  #endNs = 0;
  /** Records and SYN of the current second, and SYN of the one before. */
  #records = 0;
  #syns = 0;
  #synsBefore = 0;
  /** Of the records of this second, one of this many is evaluated. */
  #stride = 1;
  #skip = 0;
  /** Work done in this second, the limit at which fewer records are evaluated, and the work without that. */
  #work = 0;
  #limit = MAX_WORK;
  #wholeWork = 0;
  #late = 0;
  /** `#changes` at the last call of `findings`. */
  #told = '0 0 ';

  constructor({ seed }: DetectorOptions) {
    const hashing = new Hashing(seed);
    this.#hashing = hashing;
    this.#scans = new ScannedPorts(hashing);
    this.#sweeps = new SweptAddresses(hashing);
    this.#logins = new LoginAttempts(hashing);
    this.#synFloods = new Floods(hashing, 'syn_flood', SYN_FLOOD);
    this.#icmpFloods = new Floods(hashing, 'icmp_flood', ICMP_FLOOD);
  }

  /** Adds `count` records, `stride` bytes apart; the first begins at byte `first` of `memory`, 4-byte aligned. */
  add(memory: Uint8Array, first: number, count: number, stride: number): void {
    const words = this.#wordsOf(memory);
    const { u8, i32 } = words;
    for (let i = 0, at = first; i < count; i++, at += stride) {
      const word = at >>> 2;
      const atNs = (i32[word + 1]! >>> 0) * 0x1_0000_0000 + (i32[word]! >>> 0);
      if (atNs >= this.#endNs) this.#advance(atNs);
      else if (atNs < this.#startNs - LATE_NS) {
        this.#late++;
        continue;
      }
      this.#records++;
      if (this.#skip > 0) {
        this.#skip--;
        continue;
      }
      this.#skip = this.#stride - 1;
      this.#worked(1);
      const protocol = u8[at + IP_PROTOCOL]!;
      if (protocol === TCP) this.#tcp(words, at, atNs);
      else if (protocol === ICMP || protocol === ICMP6) this.#icmp(words, at, atNs, protocol);
    }
  }

  /** Evaluates the seconds up to `nowMs`, the wall clock. Call once a second. */
  tick(nowMs: number): void {
    const nowNs = nowMs * NS_PER_MS;
    if (nowNs >= this.#endNs) this.#advance(nowNs);
    else if (nowNs < this.#startNs - SET_BACK_NS) {
      this.#begin(nowNs);
      this.#book.clockSetBack(nowMs);
    }
  }

  /** Whether no finding is open, and none can open or close at the end of this second, until a record is added. */
  get isIdle(): boolean {
    const isDue = this.#scans.isDue || this.#sweeps.isDue || this.#logins.isDue || this.#records >= FLOOD_RECORDS;
    return this.#book.isEmpty && !isDue;
  }

  /** Records that were too old to be counted in their second. */
  get late(): number {
    return this.#late;
  }

  findings(atMs: number): Findings {
    this.#told = this.#changes;
    return this.#book.all(atMs, this.#untracked);
  }

  /** Returns all findings if they have changed since the last call of `findings`. */
  changed(atMs: number): Findings | undefined {
    return this.#changes === this.#told ? undefined : this.findings(atMs);
  }

  get #untracked(): number {
    const parts = [this.#scans, this.#sweeps, this.#logins, this.#synFloods, this.#icmpFloods];
    return parts.reduce((sum, { untracked }) => sum + untracked, 0);
  }

  /** While a finding is open, its numbers may grow each second. */
  get #changes(): string {
    const { changes, isEmpty } = this.#book;
    return `${changes} ${this.#untracked} ${isEmpty ? '' : this.#endNs}`;
  }

  #begin(atNs: number): void {
    this.#startNs = Math.floor(atNs / SECOND_NS) * SECOND_NS;
    this.#endNs = this.#startNs + SECOND_NS;
  }

  #advance(atNs: number): void {
    if (this.#endNs === 0) this.#begin(atNs);
    for (let steps = 0; atNs >= this.#endNs; steps++) {
      if (steps === MAX_STEPS) this.#begin(atNs);
      else {
        this.#evaluate(this.#endNs / NS_PER_MS);
        this.#startNs = this.#endNs;
        this.#endNs += SECOND_NS;
      }
    }
  }

  #evaluate(nowMs: number): void {
    const book = this.#book;
    this.#synFloods.evaluate(book, nowMs);
    this.#icmpFloods.evaluate(book, nowMs);
    this.#scans.evaluate(book, nowMs);
    this.#sweeps.evaluate(book, nowMs);
    this.#logins.evaluate(book, nowMs);
    this.#known.second(nowMs / 1000);
    book.close(nowMs);
    this.#stride = Math.max(1, Math.ceil(this.#wholeWork / MAX_WORK));
    this.#skip = 0;
    this.#work = 0;
    this.#limit = MAX_WORK;
    this.#wholeWork = 0;
    this.#synsBefore = this.#syns;
    this.#syns = 0;
    this.#records = 0;
  }

  #worked(units: number): void {
    this.#work += units;
    this.#wholeWork += units * this.#stride;
    if (this.#work < this.#limit) return;
    this.#limit += MAX_WORK / 2;
    this.#stride *= 2;
  }

  #tcp(words: Words, at: number, atNs: number): void {
    const flags = words.u8[at + TCP_FLAGS]!;
    const port = words.u16[(at >>> 1) + DST_PORT]!;
    if ((flags & (SYN | RST | ACK)) === ACK) this.#acknowledged(words, at, atNs, port);
    else if ((flags & (FIN | SYN | RST | ACK)) === SYN) this.#opened(words, at, atNs, port);
    else if ((flags & (SYN | RST | ACK)) === 0) this.#probed(words, at, atNs, port);
  }

  #opened(words: Words, at: number, atNs: number, port: number): void {
    this.#syns += this.#stride;
    const packet = this.#read(words, at, atNs, port);
    this.#worked(SYN_WORK);
    const second = Math.floor(packet.atMs / 1000);
    packet.isRepeated = !this.#pending.opened(this.#place(words, at), this.#tag(words, at), second);
    packet.isKnown = this.#known.has(packet.sourceX, packet.sourceY);
    this.#synFloods.arrived(packet);
    if (packet.isRepeated) return;
    this.#scans.probed(packet);
    this.#sweeps.probed(packet);
    if (LOGIN_PORTS[port] === 1) this.#logins.attempted(packet);
  }

  /** An ACK without SYN: almost every packet of TCP. */
  #acknowledged(words: Words, at: number, atNs: number, port: number): void {
    const isFirst = this.#pending.completed(this.#place(words, at), this.#tag(words, at));
    const isSampled = this.#stride > 1 || words.u16[(at >>> 1) + WEIGHT]! > 1;
    const isLogin = LOGIN_PORTS[port] === 1;
    if (!(isFirst || isSampled || isLogin)) return;
    const packet = this.#read(words, at, atNs, port);
    if (isFirst) {
      this.#known.add(packet.sourceX, packet.sourceY);
      this.#scans.connected(packet);
      this.#sweeps.connected(packet);
    }
    // In a sample, the SYN and the ACK of a connection are rarely both there; but there are at least as many ACKs.
    if (isFirst || isSampled) this.#synFloods.followed(packet);
    if (isLogin) this.#logins.transferred(packet);
  }

  /** Without SYN, RST and ACK: no valid sender does this, scanners do. */
  #probed(words: Words, at: number, atNs: number, port: number): void {
    const reason = words.u8[at + REASON]!;
    if (reason === REASONS.malformed || reason === REASONS.truncated || reason === REASONS.fragment) return;
    if (port === 0 && words.u16[(at >>> 1) + SRC_PORT] === 0) return;
    this.#scans.probed(this.#read(words, at, atNs, port));
  }

  #icmp(words: Words, at: number, atNs: number, protocol: number): void {
    const type = words.u16[(at >>> 1) + DST_PORT]!;
    if (type !== (protocol === ICMP ? ECHO_REQUEST : ECHO_REQUEST_6)) return;
    const packet = this.#read(words, at, atNs, 0);
    this.#worked(SYN_WORK);
    packet.isRepeated = false;
    packet.isKnown = this.#known.has(packet.sourceX, packet.sourceY);
    this.#icmpFloods.arrived(packet);
  }

  #read({ i32, u16 }: Words, at: number, atNs: number, port: number): ObservedPacket {
    const packet = this.#packet;
    const { source, destination } = packet;
    const [from, to, half] = [(at >>> 2) + SRC_ADDR, (at >>> 2) + DST_ADDR, at >>> 1];
    const isIpv4 = isMapped(i32[from]!, i32[from + 1]!, i32[from + 2]!);
    source[0] = i32[from]!;
    source[1] = i32[from + 1]!;
    source[2] = isIpv4 ? i32[from + 2]! : 0;
    source[3] = isIpv4 ? i32[from + 3]! : 0;
    for (let i = 0; i < 4; i++) destination[i] = i32[to + i]!;
    packet.sourceX = this.#hashing.address(source[0], source[1], source[2], source[3]);
    packet.sourceY = this.#hashing.address(source[3], source[2], source[1], source[0]);
    packet.destinationX = this.#hashing.address(destination[0]!, destination[1]!, destination[2]!, destination[3]!);
    packet.destinationY = this.#hashing.address(destination[3]!, destination[2]!, destination[1]!, destination[0]!);
    packet.atMs = atNs / NS_PER_MS;
    packet.port = port;
    packet.length = u16[half + LENGTH]!;
    const weight = u16[half + WEIGHT]!;
    packet.weight = weight * this.#stride;
    packet.isCertain = packet.weight === 1 && Math.max(this.#syns, this.#synsBefore) <= CERTAIN_SYNS;
    return packet;
  }

  /** Hashes of addresses and ports of a connection. */
  #place({ i32 }: Words, at: number): number {
    const [from, to] = [(at >>> 2) + SRC_ADDR, (at >>> 2) + DST_ADDR];
    const ports = i32[(at + FIELD_OFFSETS.src_port) >>> 2]!;
    return this.#hashing.address(
      i32[from]! ^ i32[from + 1]!,
      i32[from + 2]! ^ i32[to]!,
      i32[from + 3]! ^ ports,
      i32[to + 3]! ^ i32[to + 2]!,
    );
  }

  #tag({ i32 }: Words, at: number): number {
    const [from, to] = [(at >>> 2) + SRC_ADDR, (at >>> 2) + DST_ADDR];
    const ports = i32[(at + FIELD_OFFSETS.src_port) >>> 2]!;
    return this.#hashing.address(ports, i32[to + 3]! ^ i32[from + 2]!, i32[from + 3]!, i32[to + 1]!) | 1;
  }

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
