/**
 * Finds floods of one service or address by counting there, not by source, so that forged sources cannot hide one. What
 * counts is what nothing follows: a SYN without a connection, or an echo request.
 */
import { Addresses } from './addresses.ts';
import { CandidateTable } from './candidate-table.ts';
import { DistinctCounts } from './distinct-counts.ts';
import type { Finding, FindingKind } from './finding.ts';
import type { FindingBook, OpenFinding } from './finding-book.ts';
import type { Hashing } from './hashing.ts';
import type { ObservedPacket } from './observed-packet.ts';
import { FLOOD_RECORDS, PAUSE_MS } from './thresholds.ts';

const SIZE = 1024;
/** Estimates have an error: a few sources may be one. */
const ONE_SOURCE = 1.5;

export class Floods {
  readonly #hashing: Hashing;
  readonly #kind: Extract<FindingKind, 'syn_flood' | 'icmp_flood'>;
  readonly #threshold: number;
  readonly #table = new CandidateTable(SIZE, PAUSE_MS);
  readonly #destinations = new Addresses(SIZE);
  readonly #newestSource = new Addresses(SIZE);
  readonly #ports = new Uint16Array(SIZE);
  readonly #sources = new DistinctCounts(SIZE);
  /** Of the current second. */
  readonly #packets = new Float64Array(SIZE);
  readonly #records = new Uint32Array(SIZE);
  /** Of these, SYN that repeat one: clients of a server that is too slow send them, and floods with few source ports. */
  readonly #repeated = new Float64Array(SIZE);
  readonly #followed = new Float64Array(SIZE);
  readonly #newPackets = new Float64Array(SIZE);
  /** The second before was a flood; its counts belong to the evidence. */
  readonly #isSecond = new Uint8Array(SIZE);
  readonly #packetsBefore = new Float64Array(SIZE);
  readonly #newPacketsBefore = new Float64Array(SIZE);
  readonly #findings = new Map<number, OpenFinding>();
  /** Candidates with packets in the current second, or in the one before. */
  #active = new Set<number>();

  /** `threshold`: packets per second that nothing follows. */
  constructor(hashing: Hashing, kind: Extract<FindingKind, 'syn_flood' | 'icmp_flood'>, threshold: number) {
    this.#hashing = hashing;
    this.#kind = kind;
    this.#threshold = threshold;
  }

  get untracked(): number {
    return this.#table.untracked;
  }

  arrived(packet: ObservedPacket): void {
    const { destinationX, destinationY, port, atMs, weight } = packet;
    const [x, y] = [this.#hashing.pair(destinationX, port), this.#hashing.pair(destinationY, port)];
    let index = this.#table.find(x, y);
    if (index < 0) {
      index = this.#table.take(x, y, atMs);
      if (index < 0) return;
      this.#begin(index, packet);
    }
    this.#table.last[index] = atMs;
    this.#newestSource.set(index, packet.source);
    this.#sources.add(index, packet.sourceX, packet.sourceY);
    const packets = this.#packets[index]! + weight;
    this.#packets[index] = packets;
    if (packets > this.#table.strength[index]!) this.#table.strength[index] = packets;
    this.#records[index]!++;
    if (packet.isRepeated) this.#repeated[index]! += weight;
    if (!packet.isKnown) this.#newPackets[index]! += weight;
    this.#active.add(index);
  }

  /** A packet that at most one connection accounts for. */
  followed({ destinationX, destinationY, port, weight }: ObservedPacket): void {
    const index = this.#table.find(this.#hashing.pair(destinationX, port), this.#hashing.pair(destinationY, port));
    if (index >= 0) this.#followed[index]! += weight;
  }

  /** Call once a second. */
  evaluate(book: FindingBook, nowMs: number): void {
    const active = this.#active;
    this.#active = new Set();
    for (const index of active) this.#evaluate(book, index, nowMs);
    for (const [index, { isOpen }] of this.#findings) if (!isOpen) this.#findings.delete(index);
  }

  #evaluate(book: FindingBook, index: number, nowMs: number): void {
    const packets = this.#packets[index]!;
    const alone = packets - this.#followed[index]!;
    const isFlood = (threshold: number, share: number, evidence: number) =>
      this.#records[index]! >= FLOOD_RECORDS && evidence >= threshold && evidence >= share * packets;
    const finding = this.#findings.get(index);
    if (finding?.isOpen) {
      if (isFlood(this.#threshold / 2, 1 / 4, alone)) this.#continue(index, finding);
    } else if (isFlood(this.#threshold, 1 / 2, alone - this.#repeated[index]!)) {
      if (this.#isSecond[index] === 1) this.#open(book, index, nowMs);
      this.#isSecond[index] = 1;
      this.#packetsBefore[index] = packets;
      this.#newPacketsBefore[index] = this.#newPackets[index]!;
    } else {
      this.#isSecond[index] = 0;
      this.#sources.clear(index);
    }
    // A service with many packets keeps its place in the table; one that was busy once does not.
    this.#table.strength[index] = Math.max(1, Math.round(packets));
    if (packets > 0) this.#active.add(index);
    this.#clearSecond(index);
  }

  #begin(index: number, { destination, port }: ObservedPacket): void {
    this.#destinations.set(index, destination);
    this.#ports[index] = port;
    this.#sources.clear(index);
    this.#clearSecond(index);
    this.#isSecond[index] = 0;
    this.#findings.delete(index);
  }

  #clearSecond(index: number): void {
    for (const counts of [this.#packets, this.#repeated, this.#followed, this.#newPackets]) counts[index] = 0;
    this.#records[index] = 0;
  }

  #open(book: FindingBook, index: number, nowMs: number): void {
    const destination = this.#destinations.text(index);
    const port = this.#ports[index]!;
    const subject: Pick<Finding, 'destination' | 'port'> =
      this.#kind === 'syn_flood' ? { destination, port } : { destination };
    const finding = book.open(this.#kind, `${destination} ${port}`, subject, nowMs, nowMs - 2000);
    if (finding === undefined) return;
    finding.newPackets = this.#newPacketsBefore[index]!;
    finding.perSecond = this.#packetsBefore[index]!;
    finding.evidence(this.#packetsBefore[index]!, this.#table.last[index]!);
    this.#findings.set(index, finding);
    this.#continue(index, finding);
  }

  #continue(index: number, finding: OpenFinding): void {
    const packets = this.#packets[index]!;
    finding.perSecond = Math.max(finding.perSecond ?? 0, packets);
    finding.newPackets = (finding.newPackets ?? 0) + this.#newPackets[index]!;
    finding.evidence(packets, this.#table.last[index]!);
    // The estimate may be too high.
    const sources = Math.min(this.#sources.estimate(index), finding.packets);
    finding.sources = sources;
    const { source: _, ...subject } = finding.subject;
    finding.subject = sources < ONE_SOURCE ? { source: this.#newestSource.sourceText(index), ...subject } : subject;
  }
}
