/**
 * Keeps the history in bounded memory: the summary of each second goes into one bucket of each level, so a new tab
 * shows the last hours at once. Records are not read again, and the history does not survive a restart.
 */
import {
  HISTORY_COLUMNS,
  HISTORY_LEVELS,
  type History as HistoryAnswer,
  type HistoryColumn,
  type HistoryTop,
  type Summary,
} from '@packetlog/common';
import type { RuleHits, Volume } from '../ipc/rule-counts.ts';
import { FirstSeen } from './first-seen.ts';
import { Level } from './level.ts';
import { unpackedKey } from './packed-tops.ts';
import { addTo, mostOf, type TopBucket, type TopList } from './top-bucket.ts';

const TOP = 10;
const SERIES_POINTS = 60;
/** Maximum number of cached answers; the cache is cleared every second. */
const KEPT_ANSWERS = 32;
const PROTOCOL: ReadonlyMap<number, 'tcp' | 'udp' | 'icmp'> = new Map([
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [58, 'icmp'],
]);

interface Merged extends Volume {
  readonly series: number[];
}

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
    for (const level of this.#levels) this.#addTops(level.add(atMs, amounts), summary, rules);
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
    const level = this.#finestWith(fromMs);
    const { stepMs } = level;
    const from_ms = Math.max(Math.floor(fromMs / stepMs) * stepMs, level.firstAtMs ?? 0);
    const to_ms = Math.max(from_ms + stepMs, Math.min(Math.ceil(toMs / stepMs) * stepMs, level.endMs ?? 0));
    const perPoint = Math.ceil((to_ms - from_ms) / stepMs / SERIES_POINTS);
    const series_step_ms = perPoint * stepMs;
    const key = `${stepMs} ${from_ms} ${to_ms}`;
    const cached = this.#tops.get(key);
    if (cached !== undefined) return cached;
    const range = { from_ms, to_ms, series_step_ms, points: Math.ceil((to_ms - from_ms) / series_step_ms) };
    const answer = this.#topOf(level, range);
    if (this.#tops.size < KEPT_ANSWERS) this.#tops.set(key, answer);
    return answer;
  }

  #topOf(level: Level, range: Range): HistoryTop {
    const { from_ms, to_ms, series_step_ms } = range;
    const sources = sums(level, 'sources', range);
    const most = (list: TopList, of = sums(level, list, range)) => withSeries(level, list, range, mostOf(of, TOP));
    const hadBefore = this.#startedAtMs !== undefined && this.#startedAtMs < from_ms;
    return {
      from_ms,
      to_ms,
      series_step_ms,
      sources: most('sources', sources).map(([addr, volume]) => ({
        addr,
        first_seen_ms: this.#firstSeen.of(addr) ?? from_ms,
        ...volume,
      })),
      ports: most('ports').map(([key, volume]) => {
        const [ip_protocol = 0, port = 0] = key.split(' ').map(Number);
        return { ip_protocol, port, ...volume };
      }),
      pairs: most('pairs').map(([key, volume]) => {
        const [src_addr = '', dst_addr = ''] = key.split(' ');
        return { src_addr, dst_addr, ...volume };
      }),
      rules: most('rules').map(([key, volume]) => ({ rule_id: Number(key), ...volume })),
      new_sources: hadBefore ? this.#newSources(sources, from_ms) : [],
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

  #addTops(bucket: TopBucket, summary: Summary, rules: readonly RuleHits[]): void {
    for (const source of summary.top_sources) bucket.add('sources', source.addr, source);
    for (const port of summary.top_ports) bucket.add('ports', `${port.ip_protocol} ${port.port}`, port);
    for (const pair of summary.top_pairs) bucket.add('pairs', `${pair.src_addr} ${pair.dst_addr}`, pair);
    for (const rule of rules) bucket.add('rules', String(rule.rule_id), rule);
  }

  /** Returns the finest level that reaches back to that time; the coarsest, if none does. */
  #finestWith(fromMs: number): Level {
    const started = this.#startedAtMs ?? fromMs;
    const wanted = Math.max(fromMs, started);
    const level = this.#levels.find(({ firstAtMs, stepMs }) => firstAtMs !== undefined && firstAtMs < wanted + stepMs);
    return level ?? (this.#levels.at(-1) as Level);
  }
}

function amountsOf(
  { total, by_action, denied_bytes, by_protocol }: Summary,
  lost: number,
): Record<HistoryColumn, number> {
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
  };
  for (const { ip_protocol, packets, bytes } of by_protocol) {
    const name = PROTOCOL.get(ip_protocol) ?? 'other';
    amounts[name] += packets;
    amounts[`${name}_bytes`] += bytes;
  }
  return amounts;
}

interface Range {
  from_ms: number;
  to_ms: number;
  series_step_ms: number;
  points: number;
}

/** Returns the volume of each key in the whole range, by packed keys. */
function sums(level: Level, list: TopList, { from_ms, to_ms }: Range): Map<string, Volume> {
  const summed = new Map<string, Volume>();
  for (const { top } of level.tops(from_ms, to_ms)) {
    top.visit(list, (key, packets, bytes) => addTo(summed, key, packets, bytes));
  }
  return summed;
}

/** Adds to the keys in `shown` a series of their packets over the range, and makes the keys readable. */
function withSeries(
  level: Level,
  list: TopList,
  { from_ms, to_ms, series_step_ms, points }: Range,
  shown: readonly [string, Volume][],
): [string, Merged][] {
  const series = new Map(shown.map(([key]) => [key, new Array<number>(points).fill(0)]));
  for (const { atMs, top } of level.tops(from_ms, to_ms)) {
    const point = Math.floor((atMs - from_ms) / series_step_ms);
    top.visit(list, (key, packets) => {
      const of = series.get(key);
      if (of !== undefined) of[point] = (of[point] ?? 0) + packets;
    });
  }
  return shown.map(([key, volume]) => [unpackedKey(list, key), { ...volume, series: series.get(key) ?? [] }]);
}
