import type { RuleCounters, RulesSnapshot, RulesStep } from '@packetlog/common';
import { RuleHistory } from './rule-history.ts';

/** A rule and what it had counted when the snapshot was taken. */
export type ListedRule = RulesSnapshot['rules'][number];

/** What a rule has counted, and how fast. */
export interface RuleCount {
  readonly packets: number;
  readonly bytes: number;
  /** Wall clock; null while it has decided nothing. */
  readonly lastSeenMs: number | null;
  readonly perSecond: number;
}

/** All rules, as the components see them: a new object when a rule or a counter changed. */
export interface RulesView {
  readonly snapshot: RulesSnapshot;
  /** Grows with every interval of the loader: counters and sparklines may be other ones. */
  readonly interval: number;
}

interface Entry {
  packets: number;
  bytes: number;
  lastSeenMs: number | null;
  history: RuleHistory | null;
}

/**
 * What the page knows of the rules. Counters come for those that moved, once in each interval; a rule that never
 * decided anything costs a map entry and no more, so that ten thousand are no burden.
 */
export class RulesState {
  #snapshot: RulesSnapshot | null = null;
  #entries = new Map<number, Entry>();
  #interval = 0;
  #intervalSeconds = 1;
  #view: RulesView | null = null;
  readonly #made = new Set<number>();

  get view(): RulesView | null {
    return this.#view;
  }

  /** This page made the change that led to this revision. */
  made(revision: number): void {
    this.#made.add(revision);
  }

  /** Whether this page made that change, since it was opened. */
  isOwn({ revision, who }: RulesStep): boolean {
    return who.via === 'socket' && this.#made.has(revision);
  }

  replace(snapshot: RulesSnapshot): void {
    const before = this.#entries;
    this.#entries = new Map();
    for (const { id, packets, bytes, last_seen_ms } of snapshot.rules) {
      const known = before.get(id);
      // Counters are exact and only grow: the larger one is the newer one.
      this.#entries.set(
        id,
        known !== undefined && known.packets >= packets
          ? known
          : { packets, bytes, lastSeenMs: last_seen_ms ?? null, history: known?.history ?? null },
      );
    }
    this.#snapshot = snapshot;
    this.#changed();
  }

  count(counters: RuleCounters): void {
    for (const { id, packets, bytes, last_seen_ms } of counters) {
      const entry = this.#entries.get(id);
      if (entry === undefined) continue;
      if (packets > entry.packets) {
        entry.history ??= new RuleHistory();
        entry.history.add(this.#interval, packets - entry.packets);
      }
      entry.packets = packets;
      entry.bytes = bytes;
      entry.lastSeenMs = last_seen_ms ?? entry.lastSeenMs;
    }
    this.#changed();
  }

  /** The loader's summary ends an interval: its length is that of what was counted in it. */
  endInterval(seconds: number): void {
    this.#interval++;
    this.#intervalSeconds = seconds;
    if (this.#snapshot !== null) this.#changed();
  }

  /** Another loader, or the same one started anew: nothing of what was counted holds any more. */
  forget(): void {
    this.#snapshot = null;
    this.#entries.clear();
    this.#made.clear();
    this.#view = null;
  }

  counted(id: number): RuleCount {
    const entry = this.#entries.get(id);
    if (entry === undefined) return NOTHING;
    const newest = this.#interval - 1;
    const perSecond = newest < 0 ? 0 : (entry.history?.at(newest) ?? 0) / this.#intervalSeconds;
    return { packets: entry.packets, bytes: entry.bytes, lastSeenMs: entry.lastSeenMs, perSecond };
  }

  /** Packets that rules have marked that only observe; null where no rules are known. */
  get observed(): number | null {
    const rules = this.#snapshot?.rules;
    if (rules === undefined) return null;
    return rules.reduce((sum, { id, action }) => sum + (action === 'observe' ? this.counted(id).packets : 0), 0);
  }

  /** Packets in each of the last intervals, oldest first; null for a rule that decided nothing since the page is open. */
  history(id: number): readonly number[] | null {
    const newest = this.#interval - 1;
    if (newest < 0) return null;
    return this.#entries.get(id)?.history?.until(newest) ?? null;
  }

  #changed(): void {
    if (this.#snapshot !== null) this.#view = { snapshot: this.#snapshot, interval: this.#interval };
  }
}

const NOTHING: RuleCount = { packets: 0, bytes: 0, lastSeenMs: null, perSecond: 0 };
