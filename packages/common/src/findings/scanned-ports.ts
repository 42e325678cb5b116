/** Finds port scans: ports of one address that one source probed without a connection. */
import { Addresses } from './addresses.ts';
import { CandidateTable } from './candidate-table.ts';
import type { FindingBook, OpenFinding } from './finding-book.ts';
import type { Hashing } from './hashing.ts';
import type { ObservedPacket } from './observed-packet.ts';
import { PortSets } from './port-sets.ts';
import { FIRST_EPHEMERAL, PAUSE_MS, SCAN_WINDOW_MS, SCANNED_PORTS } from './thresholds.ts';

const SIZE = 4096;

export class ScannedPorts {
  readonly #hashing: Hashing;
  readonly #table = new CandidateTable(SIZE, PAUSE_MS);
  readonly #ports = new PortSets(SIZE);
  readonly #sources = new Addresses(SIZE);
  readonly #destinations = new Addresses(SIZE);
  /** Probes that no finding counts yet. */
  readonly #probes = new Float64Array(SIZE);
  readonly #findings = new Map<number, OpenFinding>();
  #hasEnough = false;

  constructor(hashing: Hashing) {
    this.#hashing = hashing;
  }

  /** Some set is large enough: `evaluate` opens a finding. */
  get isDue(): boolean {
    return this.#hasEnough;
  }

  get untracked(): number {
    return this.#table.untracked + this.#ports.untracked;
  }

  probed(packet: ObservedPacket): void {
    const { port, atMs } = packet;
    // Connections to other ports may have been completed unnoticed, as those of passive FTP to many ports.
    if (!packet.isCertain && port >= FIRST_EPHEMERAL) return;
    const x = this.#hashing.pair(packet.sourceX, packet.destinationX);
    const y = this.#hashing.pair(packet.sourceY, packet.destinationY);
    let index = this.#table.find(x, y);
    if (index < 0) {
      index = this.#table.take(x, y, atMs);
      if (index < 0) return;
      this.#begin(index, packet);
    } else if (this.#table.isStale(index, atMs, SCAN_WINDOW_MS, this.#findings.has(index))) this.#begin(index, packet);
    const isNew = this.#ports.add(index, port);
    this.#probes[index]! += packet.weight;
    // Only ports that are new are evidence: repeated attempts to reach one are none.
    if (!isNew) return;
    this.#table.last[index] = atMs;
    const size = this.#ports.sizes[index]!;
    this.#table.strength[index] = size;
    if (size >= SCANNED_PORTS) this.#hasEnough = true;
  }

  connected(packet: ObservedPacket): void {
    const x = this.#hashing.pair(packet.sourceX, packet.destinationX);
    const y = this.#hashing.pair(packet.sourceY, packet.destinationY);
    const index = this.#table.find(x, y);
    if (index < 0) return;
    this.#ports.remove(index, packet.port);
    this.#table.strength[index] = Math.max(1, this.#ports.sizes[index]!);
  }

  /** Call once a second. */
  evaluate(book: FindingBook, nowMs: number): void {
    if (this.#hasEnough) this.#open(book, nowMs);
    this.#hasEnough = false;
    for (const [index, finding] of this.#findings) this.#continue(index, finding);
  }

  #begin(index: number, { source, destination, atMs }: ObservedPacket): void {
    this.#ports.clear(index);
    this.#findings.delete(index);
    this.#sources.set(index, source);
    this.#destinations.set(index, destination);
    this.#probes[index] = 0;
    this.#table.since[index] = atMs;
    this.#table.last[index] = atMs;
  }

  #open(book: FindingBook, nowMs: number): void {
    for (let index = 0; index < SIZE; index++) {
      if (this.#table.strength[index]! < SCANNED_PORTS || this.#findings.has(index)) continue;
      const source = this.#sources.sourceText(index);
      const subject = { source, destination: this.#destinations.text(index) };
      const finding = book.open('port_scan', source, subject, nowMs, this.#table.since[index]!);
      if (finding === undefined) {
        this.#forget(index);
        continue;
      }
      finding.addresses = (finding.addresses ?? 0) + 1;
      finding.alsoAt(subject);
      this.#findings.set(index, finding);
    }
  }

  #continue(index: number, finding: OpenFinding): void {
    if (!finding.isOpen) {
      this.#forget(index);
      return;
    }
    finding.ports = Math.max(finding.ports ?? 0, this.#ports.sizes[index]!);
    finding.evidence(this.#probes[index]!, this.#table.last[index]!);
    this.#probes[index] = 0;
  }

  #forget(index: number): void {
    this.#findings.delete(index);
    this.#ports.clear(index);
    this.#table.free(index);
  }
}
