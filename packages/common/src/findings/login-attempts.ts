/** Finds many connection attempts a minute from one source to a service with logins. */
import { Addresses } from './addresses.ts';
import { CandidateTable } from './candidate-table.ts';
import type { FindingBook, OpenFinding } from './finding-book.ts';
import type { Hashing } from './hashing.ts';
import type { ObservedPacket } from './observed-packet.ts';
import { LOGIN_ATTEMPTS, LOGIN_BYTES, LOGIN_RECORDS, PAUSE_MS, SYN_FLOOD } from './thresholds.ts';

const SIZE = 2048;
/** A minute is the last six parts of 10 s. */
const PARTS = 6;
const PART_MS = 10_000;

export class LoginAttempts {
  readonly #hashing: Hashing;
  readonly #table = new CandidateTable(SIZE, PAUSE_MS);
  readonly #sources = new Addresses(SIZE);
  readonly #destinations = new Addresses(SIZE);
  readonly #ports = new Uint16Array(SIZE);
  /** By part. */
  readonly #attempts = new Float64Array(SIZE * PARTS);
  readonly #records = new Float64Array(SIZE * PARTS);
  readonly #bytes = new Float64Array(SIZE * PARTS);
  /** The newest part, as a number since 1970. */
  readonly #part = new Float64Array(SIZE);
  /** Attempts in the current second, and those that no finding counts yet. */
  readonly #second = new Float64Array(SIZE);
  readonly #uncounted = new Float64Array(SIZE);
  readonly #findings = new Map<number, OpenFinding>();
  /** Candidates with an attempt in the current second. */
  readonly #active = new Set<number>();

  constructor(hashing: Hashing) {
    this.#hashing = hashing;
  }

  /** Attempts wait for `evaluate`. */
  get isDue(): boolean {
    return this.#active.size > 0;
  }

  get untracked(): number {
    return this.#table.untracked;
  }

  attempted(packet: ObservedPacket): void {
    const { atMs, weight } = packet;
    const [x, y] = [this.#x(packet), this.#y(packet)];
    let index = this.#table.find(x, y);
    if (index < 0) {
      index = this.#table.take(x, y, atMs);
      if (index < 0) return;
      this.#begin(index, packet);
    } else if (this.#table.isOver(index, atMs)) this.#begin(index, packet);
    else this.#table.strength[index]!++;
    this.#table.last[index] = atMs;
    const at = this.#at(index, atMs);
    this.#attempts[at]! += weight;
    this.#records[at]!++;
    this.#second[index]! += weight;
    this.#uncounted[index]! += weight;
    this.#active.add(index);
  }

  /** Counts the bytes of a packet of a connection; the source may be of no interest. */
  transferred(packet: ObservedPacket): void {
    const index = this.#table.find(this.#x(packet), this.#y(packet));
    if (index >= 0) this.#bytes[this.#at(index, packet.atMs)]! += packet.length * packet.weight;
  }

  /** Call once a second. */
  evaluate(book: FindingBook, nowMs: number): void {
    for (const index of this.#active) {
      const attempts = this.#sum(this.#attempts, index, nowMs);
      const isFlood = this.#second[index]! >= SYN_FLOOD;
      this.#second[index] = 0;
      const finding = this.#findings.get(index);
      if (finding?.isOpen) {
        if (attempts >= LOGIN_ATTEMPTS / 2) this.#continue(index, finding, attempts);
      } else if (attempts >= LOGIN_ATTEMPTS && !isFlood) this.#open(book, index, attempts, nowMs);
    }
    this.#active.clear();
    for (const [index, { isOpen }] of this.#findings) if (!isOpen) this.#findings.delete(index);
  }

  #x({ sourceX, destinationX, port }: ObservedPacket): number {
    return this.#hashing.pair(sourceX, destinationX + port);
  }

  #y({ sourceY, destinationY, port }: ObservedPacket): number {
    return this.#hashing.pair(destinationY + port, sourceY);
  }

  #begin(index: number, { source, destination, port, atMs }: ObservedPacket): void {
    this.#sources.set(index, source);
    this.#destinations.set(index, destination);
    this.#ports[index] = port;
    for (const parts of [this.#attempts, this.#records, this.#bytes]) parts.fill(0, index * PARTS, (index + 1) * PARTS);
    this.#part[index] = Math.floor(atMs / PART_MS);
    this.#second[index] = 0;
    this.#uncounted[index] = 0;
    this.#findings.delete(index);
    this.#table.strength[index] = 1;
    this.#table.since[index] = atMs;
  }

  /** Returns where a part is stored, after clearing those that have passed since the newest. */
  #at(index: number, atMs: number): number {
    const part = Math.floor(atMs / PART_MS);
    const newest = this.#part[index]!;
    for (let passed = Math.max(newest + 1, part - PARTS + 1); passed <= part; passed++) {
      const at = index * PARTS + (passed % PARTS);
      this.#attempts[at] = 0;
      this.#records[at] = 0;
      this.#bytes[at] = 0;
    }
    if (part > newest) this.#part[index] = part;
    return index * PARTS + (part % PARTS);
  }

  /** Returns the sum of the last minute. */
  #sum(parts: Float64Array, index: number, nowMs: number): number {
    this.#at(index, nowMs);
    let sum = 0;
    for (let at = index * PARTS; at < (index + 1) * PARTS; at++) sum += parts[at]!;
    return sum;
  }

  #open(book: FindingBook, index: number, attempts: number, nowMs: number): void {
    if (this.#sum(this.#records, index, nowMs) < LOGIN_RECORDS) return;
    if (this.#sum(this.#bytes, index, nowMs) > LOGIN_BYTES * attempts) return;
    const source = this.#sources.sourceText(index);
    const port = this.#ports[index]!;
    const subject = { source, destination: this.#destinations.text(index), port };
    const firstMs = Math.max(this.#table.since[index]!, nowMs - PARTS * PART_MS);
    const finding = book.open('login_attempts', `${source} ${port}`, subject, nowMs, firstMs);
    if (finding === undefined) return;
    finding.addresses = (finding.addresses ?? 0) + 1;
    finding.alsoAt(subject);
    this.#findings.set(index, finding);
    this.#continue(index, finding, attempts);
  }

  #continue(index: number, finding: OpenFinding, attempts: number): void {
    finding.perMinute = Math.max(finding.perMinute ?? 0, Math.round(attempts));
    finding.evidence(this.#uncounted[index]!, this.#table.last[index]!);
    this.#uncounted[index] = 0;
  }
}
