/** Sums up the records that match one filter, second by second, for all clients that ask about that filter. */
import { ACTIONS, type Action, FIELD_OFFSETS, type RecordPredicate, type Summary } from '@packetlog/common';
import type { Volume } from '../ipc/rule-counts.ts';
import { Tally } from '../summary/tally.ts';
import { FilterHistory, type Gaps } from './filter-history.ts';

/** Sources of a second that are counted each. */
const SOURCES = 2048;
/** Rules of a second that are listed, and that are counted each. */
const LISTED_RULES = 16;
const MAX_RULES = 1024;
/** An interval this short is combined with the next: its rate would mean little. */
const MIN_INTERVAL_MS = 100;
/** So is one that ends this much before the last one: its report was late, or the clock was adjusted a little. */
const LATE_MS = 2000;

const ACTION_NAMES = new Map(Object.entries(ACTIONS).map(([name, code]) => [code as number, name as Action]));

/** Sums that begin with each interval. */
class Interval {
  readonly total = { packets: 0, bytes: 0 };
  readonly by_action: Record<Action, number> = { aborted: 0, deny: 0, permit: 0 };
  denied_bytes = 0;
  readonly rules = new Map<number, Volume>();
  readonly gaps = { lost: 0, unchecked: 0, not_recorded: 0 };
}

interface RecordLayout {
  readonly stride: number;
  readonly recordOffset: number;
}

/** Checks rows, like a stream with a filter, and sums up those that match. */
export class FilterSums {
  readonly followers = new Set<object>();
  /** Rows that wait for the check. */
  unchecked = 0;
  readonly history: FilterHistory;
  readonly #layout: RecordLayout;
  readonly #tally = new Tally(SOURCES);
  #matches: RecordPredicate = () => false;
  #interval = new Interval();

  /** `sinceMs`: now, by the wall clock. */
  constructor(layout: RecordLayout, sinceMs: number) {
    this.#layout = layout;
    this.history = new FilterHistory(sinceMs);
  }

  setFilter(matches: RecordPredicate): void {
    this.#matches = matches;
  }

  add(bytes: Uint8Array, count: number): void {
    const { stride, recordOffset } = this.#layout;
    const matches = this.#matches;
    const fields = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // The tally takes consecutive records at once.
    let first = 0;
    for (let i = 0, at = recordOffset; i < count; i++, at += stride) {
      if (matches(bytes, at)) {
        this.#count(fields, at);
        continue;
      }
      if (i > first) this.#tally.add(bytes, first * stride + recordOffset, i - first, stride);
      first = i + 1;
    }
    if (count > first) this.#tally.add(bytes, first * stride + recordOffset, count - first, stride);
  }

  withhold(count: number): void {
    this.#interval.gaps.unchecked += count;
  }

  /**
   * Closes the interval that ends at `atMs`. `lengthMs`: its length, for when the clock was set. The gaps are those of
   * records that did not reach this process.
   */
  close(atMs: number, lengthMs: number, { lost, not_recorded }: Omit<Gaps, 'unchecked'>): void {
    const { gaps } = this.#interval;
    gaps.lost += lost;
    gaps.not_recorded += not_recorded;
    const sinceMs = atMs - this.history.countedToMs;
    if (sinceMs > -LATE_MS && sinceMs < MIN_INTERVAL_MS) return;
    const { total, by_action, denied_bytes, rules } = this.#interval;
    const summary: Summary = {
      at_ms: atMs,
      interval_ms: lengthMs,
      total,
      by_interface: [],
      by_action,
      denied_bytes,
      ...this.#tally.take(),
    };
    const listed = [...rules]
      .map(([rule_id, volume]) => ({ rule_id, ...volume }))
      .sort((a, b) => b.packets - a.packets)
      .slice(0, LISTED_RULES);
    this.history.add(summary, gaps, listed);
    this.#interval = new Interval();
  }

  /** Counts the record at byte `at`, by its weight. */
  #count(fields: DataView, at: number): void {
    const interval = this.#interval;
    const packets = fields.getUint16(at + FIELD_OFFSETS.weight, true);
    const bytes = fields.getUint16(at + FIELD_OFFSETS.length, true) * packets;
    const action = ACTION_NAMES.get(fields.getUint8(at + FIELD_OFFSETS.action));
    interval.total.packets += packets;
    interval.total.bytes += bytes;
    if (action !== undefined) interval.by_action[action] += packets;
    if (action === 'deny') interval.denied_bytes += bytes;
    const rule = fields.getUint32(at + FIELD_OFFSETS.rule_id, true);
    if (rule === 0) return;
    const volume = interval.rules.get(rule);
    if (volume !== undefined) {
      volume.packets += packets;
      volume.bytes += bytes;
    } else if (interval.rules.size < MAX_RULES) interval.rules.set(rule, { packets, bytes });
  }
}
