import type { RuleCounters, RulesSnapshot, RulesStep } from '@packetlog/common';
import { RuleHistory } from './rule-history.ts';

/** A rule with its counters at the time of the snapshot. */
export type ListedRule = RulesSnapshot['rules'][number];

/** Counters and rate of a rule. */
export interface RuleCount {
  readonly packets: number;
  readonly bytes: number;
  /** Packets over a limit. */
  readonly overPackets: number;
  /** Wall clock; null if it has decided nothing. */
  readonly lastSeenMs: number | null;
  readonly perSecond: number;
  /** Packets over a limit within the last minute, or since the page was opened. */
  readonly overLately: number;
}

/** Rules for components: a new object when a rule or a counter changed. */
export interface RulesView {
  readonly snapshot: RulesSnapshot;
  /** Increases with every interval, when counters and sparklines may have changed. */
  readonly interval: number;
}

interface Entry {
  packets: number;
  bytes: number;
  overPackets: number;
  lastSeenMs: number | null;
  history: RuleHistory | null;
  overHistory: RuleHistory | null;
}

/**
 * Rules and their counters. Only changed counters are sent, once per interval; a rule without hits costs one map entry,
 * so ten thousand are cheap.
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

  /** Records that this page made the change of this revision. */
  made(revision: number): void {
    this.#made.add(revision);
  }

  /** Returns whether this page has made the change since it was opened. */
  isOwn({ revision, who }: RulesStep): boolean {
    return who.via === 'socket' && this.#made.has(revision);
  }

  replace(snapshot: RulesSnapshot): void {
    const before = this.#entries;
    this.#entries = new Map();
    for (const { id, packets, bytes, over_packets = 0, last_seen_ms } of snapshot.rules) {
      const previous = before.get(id);
      // Counters only grow: the larger value is newer.
      this.#entries.set(
        id,
        previous !== undefined && previous.packets >= packets
          ? previous
          : {
              packets,
              bytes,
              overPackets: over_packets,
              lastSeenMs: last_seen_ms ?? null,
              history: previous?.history ?? null,
              overHistory: previous?.overHistory ?? null,
            },
      );
    }
    this.#snapshot = snapshot;
    this.#changed();
  }

  count(counters: RuleCounters): void {
    for (const { id, packets, bytes, over_packets = 0, last_seen_ms } of counters) {
      const entry = this.#entries.get(id);
      if (entry === undefined) continue;
      if (packets > entry.packets) {
        entry.history ??= new RuleHistory();
        entry.history.add(this.#interval, packets - entry.packets);
      }
      if (over_packets > entry.overPackets) {
        entry.overHistory ??= new RuleHistory();
        entry.overHistory.add(this.#interval, over_packets - entry.overPackets);
      }
      entry.packets = packets;
      entry.bytes = bytes;
      entry.overPackets = over_packets;
      entry.lastSeenMs = last_seen_ms ?? entry.lastSeenMs;
    }
    this.#changed();
  }

  /** Ends an interval, which was `seconds` long. */
  endInterval(seconds: number): void {
    this.#interval++;
    this.#intervalSeconds = seconds;
    if (this.#snapshot !== null) this.#changed();
  }

  /** Clears everything, for another loader or a new run. */
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
    const { packets, bytes, overPackets, lastSeenMs, overHistory } = entry;
    const overLately = overHistory?.until(this.#interval).reduce((sum, each) => sum + each, 0) ?? 0;
    return { packets, bytes, overPackets, lastSeenMs, perSecond, overLately };
  }

  /** Packets marked by observe rules; null if no rules are known. */
  get observed(): number | null {
    const rules = this.#snapshot?.rules;
    if (rules === undefined) return null;
    return rules.reduce((sum, { id, action }) => sum + (action === 'observe' ? this.counted(id).packets : 0), 0);
  }

  /** Returns the packets per interval, oldest first; null for a rule without hits since the page was opened. */
  history(id: number): readonly number[] | null {
    const newest = this.#interval - 1;
    if (newest < 0) return null;
    return this.#entries.get(id)?.history?.until(newest) ?? null;
  }

  #changed(): void {
    if (this.#snapshot !== null) this.#view = { snapshot: this.#snapshot, interval: this.#interval };
  }
}

const NOTHING: RuleCount = { packets: 0, bytes: 0, overPackets: 0, lastSeenMs: null, perSecond: 0, overLately: 0 };
