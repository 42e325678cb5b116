/** Finds host sweeps: addresses of one network of 256 that one source probed on one port without a connection. */
import { Addresses } from './addresses.ts';
import { CandidateTable } from './candidate-table.ts';
import type { FindingBook, OpenFinding } from './finding-book.ts';
import type { Hashing } from './hashing.ts';
import type { ObservedPacket } from './observed-packet.ts';
import { PAUSE_MS, SCAN_WINDOW_MS, SWEPT_ADDRESSES } from './thresholds.ts';

const SIZE = 4096;
/** A bit for each address of the network. */
const SET_WORDS = 8;

export class SweptAddresses {
  readonly #hashing: Hashing;
  readonly #table = new CandidateTable(SIZE, PAUSE_MS);
  readonly #sets = new Int32Array(SIZE * SET_WORDS);
  readonly #sizes = new Uint16Array(SIZE);
  readonly #sources = new Addresses(SIZE);
  readonly #ports = new Uint16Array(SIZE);
  readonly #probes = new Float64Array(SIZE);
  readonly #findings = new Map<number, OpenFinding>();
  /** Addresses that a finding counts already. */
  readonly #counted = new Uint16Array(SIZE);
  #hasEnough = false;

  constructor(hashing: Hashing) {
    this.#hashing = hashing;
  }

  /** Some set is large enough: `evaluate` opens a finding. */
  get isDue(): boolean {
    return this.#hasEnough;
  }

  get untracked(): number {
    return this.#table.untracked;
  }

  probed(packet: ObservedPacket): void {
    // Without knowing which connections were completed, this would be what every browser does.
    if (!packet.isCertain) return;
    const [x, y] = [this.#x(packet), this.#y(packet)];
    const { atMs } = packet;
    let index = this.#table.find(x, y);
    if (index < 0) {
      index = this.#table.take(x, y, atMs);
      if (index < 0) return;
      this.#begin(index, packet);
    } else if (this.#table.isStale(index, atMs, SCAN_WINDOW_MS, this.#findings.has(index))) this.#begin(index, packet);
    this.#probes[index]! += packet.weight;
    const [word, bit] = [wordOf(index, packet), bitOf(packet)];
    if ((this.#sets[word]! & bit) !== 0) return;
    this.#sets[word]! |= bit;
    const size = ++this.#sizes[index]!;
    this.#table.last[index] = atMs;
    this.#table.strength[index] = size;
    if (size >= SWEPT_ADDRESSES) this.#hasEnough = true;
  }

  connected(packet: ObservedPacket): void {
    const index = this.#table.find(this.#x(packet), this.#y(packet));
    if (index < 0) return;
    const [word, bit] = [wordOf(index, packet), bitOf(packet)];
    if ((this.#sets[word]! & bit) === 0) return;
    this.#sets[word]! ^= bit;
    this.#table.strength[index] = Math.max(1, --this.#sizes[index]!);
  }

  /** Call once a second. */
  evaluate(book: FindingBook, nowMs: number): void {
    if (this.#hasEnough) this.#open(book, nowMs);
    this.#hasEnough = false;
    for (const [index, finding] of this.#findings) this.#continue(index, finding);
  }

  #x({ sourceX, destination, port }: ObservedPacket): number {
    return this.#hashing.pair(sourceX, this.#network(destination, port));
  }

  #y({ sourceY, destination, port }: ObservedPacket): number {
    return this.#hashing.pair(this.#network(destination, port), sourceY);
  }

  /** Hash of the destination without its last byte, and of the port. */
  #network(destination: Int32Array, port: number): number {
    const last = destination[3]! & 0x00ff_ffff;
    return this.#hashing.address(destination[0]!, destination[1]!, destination[2]! ^ (port << 8), last);
  }

  #begin(index: number, { source, port, atMs }: ObservedPacket): void {
    this.#sets.fill(0, index * SET_WORDS, (index + 1) * SET_WORDS);
    this.#sizes[index] = 0;
    this.#counted[index] = 0;
    this.#findings.delete(index);
    this.#sources.set(index, source);
    this.#ports[index] = port;
    this.#probes[index] = 0;
    this.#table.since[index] = atMs;
    this.#table.last[index] = atMs;
  }

  #open(book: FindingBook, nowMs: number): void {
    for (let index = 0; index < SIZE; index++) {
      if (this.#table.strength[index]! < SWEPT_ADDRESSES || this.#findings.has(index)) continue;
      const source = this.#sources.sourceText(index);
      const subject = { source, port: this.#ports[index]! };
      const finding = book.open('host_sweep', source, subject, nowMs, this.#table.since[index]!);
      if (finding === undefined) this.#table.free(index);
      else {
        finding.alsoAt(subject);
        this.#findings.set(index, finding);
      }
    }
  }

  #continue(index: number, finding: OpenFinding): void {
    if (!finding.isOpen) {
      this.#findings.delete(index);
      this.#table.free(index);
      return;
    }
    const more = Math.max(0, this.#sizes[index]! - this.#counted[index]!);
    this.#counted[index]! += more;
    finding.addresses = (finding.addresses ?? 0) + more;
    finding.evidence(this.#probes[index]!, this.#table.last[index]!);
    this.#probes[index] = 0;
  }
}

/** The last byte of the destination, in network byte order. */
function hostOf({ destination }: ObservedPacket): number {
  return destination[3]! >>> 24;
}

function wordOf(index: number, packet: ObservedPacket): number {
  return index * SET_WORDS + (hostOf(packet) >>> 5);
}

function bitOf(packet: ObservedPacket): number {
  return 1 << (hostOf(packet) & 31);
}
