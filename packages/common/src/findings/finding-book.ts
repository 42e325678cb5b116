/** Opens, continues and closes findings: one for each kind and subject, and a bounded number of them. */

import {
  FINDING_KINDS,
  type Finding,
  type FindingKind,
  type Findings,
  MAX_CLOSED_FINDINGS,
  MAX_OPEN_FINDINGS,
  noFindings,
} from './finding.ts';
import { findingFilter } from './finding-filter.ts';
import { suggestedRule } from './suggested-rule.ts';
import { CLOSE_AFTER_MS } from './thresholds.ts';

/** What identifies a finding while it is open: new evidence with the same text continues it. */
type Subject = Pick<Finding, 'source' | 'destination' | 'port'>;

export class OpenFinding {
  readonly id: number;
  readonly kind: FindingKind;
  readonly key: string;
  readonly openedMs: number;
  firstMs: number;
  lastMs: number;
  subject: Subject;
  packets = 0;
  ports: number | undefined;
  addresses: number | undefined;
  sources: number | undefined;
  newPackets: number | undefined;
  perSecond: number | undefined;
  perMinute: number | undefined;
  isOpen = true;

  constructor(id: number, kind: FindingKind, key: string, subject: Subject, openedMs: number, firstMs: number) {
    this.id = id;
    this.kind = kind;
    this.key = key;
    this.subject = subject;
    this.openedMs = openedMs;
    this.firstMs = firstMs;
    this.lastMs = firstMs;
  }

  /** Counts packets as evidence, the newest at `lastMs`. */
  evidence(packets: number, lastMs: number): void {
    this.packets += packets;
    if (packets > 0 && lastMs > this.lastMs) this.lastMs = lastMs;
  }

  /** Another address has the same subject: then it is about no single one. */
  alsoAt({ destination, port }: Subject): void {
    const { subject } = this;
    if (destination !== undefined && subject.destination !== destination)
      this.subject = without(subject, 'destination');
    if (port !== undefined && subject.port !== port) this.subject = without(this.subject, 'port');
  }

  toFinding(closedMs?: number): Finding {
    const { kind, subject, packets, newPackets, ports, addresses, sources } = this;
    const finding: Omit<Finding, 'filter'> = {
      id: this.id,
      kind,
      opened_at_ms: this.openedMs,
      first_at_ms: this.firstMs,
      last_at_ms: this.lastMs,
      ...(closedMs === undefined ? {} : { closed_at_ms: closedMs }),
      ...subject,
      packets,
      ...(ports === undefined ? {} : { ports }),
      ...(addresses === undefined ? {} : { addresses }),
      ...(sources === undefined ? {} : { sources }),
      ...(newPackets === undefined ? {} : { new_share: Math.round((newPackets / Math.max(1, packets)) * 1000) / 1000 }),
      ...(this.perSecond === undefined ? {} : { per_second: this.perSecond }),
      ...(this.perMinute === undefined ? {} : { per_minute: this.perMinute }),
    };
    const rule = suggestedRule(finding);
    return { ...finding, filter: findingFilter(finding), ...(rule === undefined ? {} : { rule }) };
  }
}

export class FindingBook {
  /** Counts what could not be opened because as many are open. */
  untracked = 0;
  /** Grows with each change that `all` shows. */
  changes = 0;
  readonly #open = new Map<string, OpenFinding>();
  readonly #opened = noFindings(0).opened;
  #closed: Finding[] = [];
  #ids = 0;

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  /** Returns the open finding with this key, or opens one. Undefined: too many are open. */
  open(kind: FindingKind, key: string, subject: Subject, nowMs: number, firstMs: number): OpenFinding | undefined {
    const name = `${kind} ${key}`;
    const existing = this.#open.get(name);
    if (existing !== undefined) return existing;
    if (this.#open.size >= MAX_OPEN_FINDINGS) {
      this.untracked++;
      return undefined;
    }
    const finding = new OpenFinding(++this.#ids, kind, name, subject, nowMs, firstMs);
    this.#open.set(name, finding);
    this.#opened[kind]++;
    this.changes++;
    return finding;
  }

  /** Closes what has had no evidence for a while. */
  close(nowMs: number): void {
    for (const finding of this.#open.values()) {
      if (nowMs - finding.lastMs < CLOSE_AFTER_MS) continue;
      this.#open.delete(finding.key);
      finding.isOpen = false;
      this.changes++;
      this.#closed = [finding.toFinding(nowMs), ...this.#closed].slice(0, MAX_CLOSED_FINDINGS);
    }
  }

  /** The clock was set back: evidence must not lie in the future, or the finding would stay open until then. */
  clockSetBack(nowMs: number): void {
    for (const finding of this.#open.values()) finding.lastMs = Math.min(finding.lastMs, nowMs);
  }

  /** `untracked`: by the tables of candidates. */
  all(atMs: number, untracked: number): Findings {
    const open = [...this.#open.values()].map((finding) => finding.toFinding());
    const opened = Object.fromEntries(FINDING_KINDS.map((kind) => [kind, this.#opened[kind]]));
    return {
      at_ms: atMs,
      open,
      closed: this.#closed,
      opened: opened as Findings['opened'],
      untracked: untracked + this.untracked,
    };
  }
}

function without(subject: Subject, name: keyof Subject): Subject {
  const { [name]: _, ...rest } = subject;
  return rest;
}
