/**
 * Keeps the history in bounded memory: the summary of each second goes into one bucket of each level, so a new tab
 * shows the last hours at once. Records are not read again, and the history does not survive a restart.
 */
import {
  HISTORY_COLUMNS,
  HISTORY_LEVELS,
  type History as HistoryAnswer,
  type HistoryTop,
  type Summary,
} from '@packetlog/common';
import type { RuleHits, Volume } from '../ipc/rule-counts.ts';
import { FirstSeen } from './first-seen.ts';
import { type Amounts, finestWith, Level } from './level.ts';
import { unpackedKey } from './packed-tops.ts';
import { rangeTops, sums, type TopRange, topRange } from './range-tops.ts';
import type { TopBucket } from './top-bucket.ts';

const TOP = 10;
/** Maximum number of cached answers; the cache is cleared every second. */
const KEPT_ANSWERS = 32;
const PROTOCOL: ReadonlyMap<number, 'tcp' | 'udp' | 'icmp'> = new Map([
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [58, 'icmp'],
]);

export class History {
  readonly #levels = HISTORY_LEVELS.map(({ step_ms, buckets }) => new Level(step_ms, buckets));
  readonly #firstSeen = new FirstSeen();
  #startedAtMs: number | undefined;
  /** Answers by range; cleared with the next second. */
  readonly #tops = new Map<string, HistoryTop>();

  /** `lost`: records lost in this interval before they reached any client. */
  add(summary: Summary, lost: number, rules: readonly RuleHits[] = []): void {
    // The summary covers the time before it: at a bucket's edge it belongs to the bucket that has ended.
    const atMs = summary.at_ms - Math.min(summary.interval_ms, 1000) / 2;
    this.#startedAtMs ??= atMs;
    this.#tops.clear();
    const amounts = amountsOf(summary, lost);
    for (const level of this.#levels) addTops(level.add(atMs, amounts), summary, rules);
    for (const { addr } of summary.top_sources) this.#firstSeen.see(addr, atMs);
  }

  /** Returns the columns of one level. `step_ms` is one of HISTORY_LEVELS. */
  answer(step_ms: number, nowMs: number): HistoryAnswer {
    const level = this.#levels.find(({ stepMs }) => stepMs === step_ms);
    const columns = Object.fromEntries(
      HISTORY_COLUMNS.map((name) => [name, level?.column(name, nowMs) ?? []]),
    ) as HistoryAnswer['columns'];
    return { step_ms, first_at_ms: level?.firstAtMs ?? nowMs, columns };
  }

  top(fromMs: number, toMs: number): HistoryTop {
    const level = finestWith(this.#levels, Math.max(fromMs, this.#startedAtMs ?? fromMs));
    const range = topRange(level, fromMs, toMs);
    const key = `${level.stepMs} ${range.from_ms} ${range.to_ms}`;
    const cached = this.#tops.get(key);
    if (cached !== undefined) return cached;
    const answer = this.#topOf(level, range);
    if (this.#tops.size < KEPT_ANSWERS) this.#tops.set(key, answer);
    return answer;
  }

  #topOf(level: Level, range: TopRange): HistoryTop {
    const { from_ms, to_ms, series_step_ms } = range;
    const all = sums(level, 'sources', range);
    const { sources, ...tops } = rangeTops(level, range, all);
    const hadBefore = this.#startedAtMs !== undefined && this.#startedAtMs < from_ms;
    return {
      from_ms,
      to_ms,
      series_step_ms,
      sources: sources.map((source) => ({ ...source, first_seen_ms: this.#firstSeen.of(source.addr) ?? from_ms })),
      ...tops,
      new_sources: hadBefore ? this.#newSources(all, from_ms) : [],
    };
  }

  #newSources(sources: ReadonlyMap<string, Volume>, fromMs: number): HistoryTop['new_sources'] {
    return [...sources]
      .map(([key, { packets }]) => ({ addr: unpackedKey('sources', key), packets }))
      .map((source) => ({ ...source, first_seen_ms: this.#firstSeen.of(source.addr) ?? 0 }))
      .filter(({ first_seen_ms }) => first_seen_ms >= fromMs)
      .sort((a, b) => b.first_seen_ms - a.first_seen_ms)
      .slice(0, TOP);
  }
}

/** Adds the lists of a second to those of a bucket. */
export function addTops(bucket: TopBucket, summary: Summary, rules: readonly RuleHits[]): void {
  for (const source of summary.top_sources) bucket.add('sources', source.addr, source);
  for (const port of summary.top_ports) bucket.add('ports', `${port.ip_protocol} ${port.port}`, port);
  for (const pair of summary.top_pairs) bucket.add('pairs', `${pair.src_addr} ${pair.dst_addr}`, pair);
  for (const rule of rules) bucket.add('rules', String(rule.rule_id), rule);
}

/** Returns what a second adds to each level. `gaps`: of live sums. */
export function amountsOf(
  { total, by_action, denied_bytes, by_protocol, records }: Summary,
  lost: number,
  gaps: Readonly<Record<'unchecked' | 'not_recorded', number>> = { unchecked: 0, not_recorded: 0 },
): Amounts {
  const amounts = {
    packets: total.packets,
    bytes: total.bytes,
    permitted: by_action.permit ?? 0,
    denied: by_action.deny ?? 0,
    aborted: by_action.aborted ?? 0,
    denied_bytes,
    lost,
    tcp: 0,
    udp: 0,
    icmp: 0,
    other: 0,
    tcp_bytes: 0,
    udp_bytes: 0,
    icmp_bytes: 0,
    other_bytes: 0,
    records,
    ...gaps,
  };
  for (const { ip_protocol, packets, bytes } of by_protocol) {
    const name = PROTOCOL.get(ip_protocol) ?? 'other';
    amounts[name] += packets;
    amounts[`${name}_bytes`] += bytes;
  }
  return amounts;
}
