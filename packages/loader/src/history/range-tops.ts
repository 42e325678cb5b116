/** Top lists of a range, from one level of a history. */
import type { HistoryTop } from '@packetlog/common';
import type { Volume } from '../ipc/rule-counts.ts';
import type { Level } from './level.ts';
import { unpackedKey } from './packed-tops.ts';
import { addTo, mostOf, type TopList } from './top-bucket.ts';

const TOP = 10;
const SERIES_POINTS = 60;

interface Merged extends Volume {
  readonly series: number[];
}

export type RangeTops = Pick<HistoryTop, 'ports' | 'pairs' | 'rules'> & {
  readonly sources: ({ addr: string } & Merged)[];
};

/** A range of whole buckets, in `points` parts. */
export interface TopRange {
  from_ms: number;
  to_ms: number;
  series_step_ms: number;
  points: number;
}

/** Returns the range of whole buckets of `level` that covers `fromMs` to `toMs`, as far as the level has them. */
export function topRange(level: Level, fromMs: number, toMs: number): TopRange {
  const { stepMs } = level;
  const from_ms = Math.max(Math.floor(fromMs / stepMs) * stepMs, level.firstAtMs ?? 0);
  const to_ms = Math.max(from_ms + stepMs, Math.min(Math.ceil(toMs / stepMs) * stepMs, level.endMs ?? 0));
  const perPoint = Math.ceil((to_ms - from_ms) / stepMs / SERIES_POINTS);
  const series_step_ms = perPoint * stepMs;
  return { from_ms, to_ms, series_step_ms, points: Math.ceil((to_ms - from_ms) / series_step_ms) };
}

/** Returns the busiest keys of a range. `sources`: the volume of each source, by packed keys. */
export function rangeTops(level: Level, range: TopRange, sources = sums(level, 'sources', range)): RangeTops {
  const most = (list: TopList, of = sums(level, list, range)) => withSeries(level, list, range, mostOf(of, TOP));
  return {
    sources: most('sources', sources).map(([addr, volume]) => ({ addr, ...volume })),
    ports: most('ports').map(([key, volume]) => {
      const [ip_protocol = 0, port = 0] = key.split(' ').map(Number);
      return { ip_protocol, port, ...volume };
    }),
    pairs: most('pairs').map(([key, volume]) => {
      const [src_addr = '', dst_addr = ''] = key.split(' ');
      return { src_addr, dst_addr, ...volume };
    }),
    rules: most('rules').map(([key, volume]) => ({ rule_id: Number(key), ...volume })),
  };
}

/** Returns the volume of each key in the whole range, by packed keys. */
export function sums(level: Level, list: TopList, { from_ms, to_ms }: TopRange): Map<string, Volume> {
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
  { from_ms, to_ms, series_step_ms, points }: TopRange,
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
