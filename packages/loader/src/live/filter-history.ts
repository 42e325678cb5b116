/** Keeps the sums of the packets that match a filter, at the resolutions of the history, from a time on. */
import { HISTORY_COLUMNS, HISTORY_LEVELS, type LiveRates, type LiveTop, type Summary } from '@packetlog/common';
import { addTops, amountsOf } from '../history/history.ts';
import { type Amounts, finestWith, LEVEL_COLUMNS, Level, type LevelColumn } from '../history/level.ts';
import { rangeTops, topRange } from '../history/range-tops.ts';
import type { RuleHits } from '../ipc/rule-counts.ts';
import { liveCoverage } from './live-coverage.ts';

/** Most steps of an answer, except at the coarsest resolution. */
const MAX_STEPS = 400;
const NO_TOPS = { sources: [], ports: [], pairs: [], rules: [] };
/** Longest time over which the sums of one interval are spread. */
const MAX_INTERVAL_MS = 60_000;

/** Records that the sums of an interval may miss, whether they match or not. */
export interface Gaps {
  /** Lost on their way from the kernel to the filter. */
  readonly lost: number;
  /** Not checked, because the filters had used up their time. */
  readonly unchecked: number;
  /** Packets without a record, because the loader only counts them. */
  readonly not_recorded: number;
}

export class FilterHistory {
  #levels = makeLevels();
  #sinceMs: number;
  #countedToMs: number;
  #total: Record<LevelColumn, number> = nothing();

  constructor(sinceMs: number) {
    this.#sinceMs = sinceMs;
    this.#countedToMs = sinceMs;
  }

  /** The time up to which all packets are counted. */
  get countedToMs(): number {
    return this.#countedToMs;
  }

  /**
   * Adds what was counted since the last call, up to `summary.at_ms`. The sums begin again when the clock was set back:
   * the times of the earlier ones are unknown.
   */
  add(summary: Summary, gaps: Gaps, rules: readonly RuleHits[]): void {
    const { at_ms, interval_ms } = summary;
    if (at_ms <= this.#countedToMs) this.#restart(at_ms - interval_ms);
    const { lost, ...others } = gaps;
    const amounts = amountsOf(summary, lost, others);
    for (const name of LEVEL_COLUMNS) this.#total[name] += amounts[name];
    const fromMs = Math.max(this.#countedToMs, at_ms - MAX_INTERVAL_MS);
    for (const level of this.#levels) addTops(spread(level, fromMs, at_ms, amounts), summary, rules);
    this.#countedToMs = at_ms;
  }

  rates(fromMs: number, toMs: number): LiveRates {
    const begin = Math.max(fromMs, this.#sinceMs);
    const end = Math.max(begin, Math.min(toMs, this.#countedToMs));
    const level = this.#levelFor(begin, end);
    const { stepMs } = level;
    const oldest = level.firstAtMs ?? 0;
    const first = Math.max(Math.floor(begin / stepMs) * stepMs, oldest);
    const skipped = (first - oldest) / stepMs;
    const steps = Math.ceil(Math.max(0, end - first) / stepMs);
    const columnOf = (name: LevelColumn) => level.column(name, this.#countedToMs - 1).slice(skipped, skipped + steps);
    const columns = Object.fromEntries(LEVEL_COLUMNS.map((name) => [name, columnOf(name)])) as Columns;
    const sums = Object.fromEntries(
      LEVEL_COLUMNS.map((name) => [name, columns[name].reduce((sum, value) => sum + value, 0)]),
    ) as Amounts;
    const asked = { fromMs, sinceMs: this.#sinceMs, keptFromMs: oldest < begin + stepMs ? begin : oldest };
    return {
      step_ms: stepMs,
      first_at_ms: first,
      columns: {
        ...(Object.fromEntries(HISTORY_COLUMNS.map((name) => [name, columns[name]])) as LiveRates['columns']),
        lost: columns.lost.map((lost, i) => lost + (columns.unchecked[i] ?? 0)),
      },
      coverage: liveCoverage(sums, asked),
      since_ms: this.#sinceMs,
      counted_to_ms: this.#countedToMs,
      total: liveCoverage(this.#total),
    };
  }

  top(fromMs: number, toMs: number): LiveTop {
    const level = finestWith(this.#levels, Math.max(fromMs, this.#sinceMs));
    const range = topRange(level, fromMs, toMs);
    const { from_ms, to_ms, series_step_ms } = range;
    // A level answers with its first step for a range before that.
    const tops = toMs > (level.firstAtMs ?? 0) ? rangeTops(level, range) : NO_TOPS;
    return { from_ms, to_ms, series_step_ms, ...tops, since_ms: this.#sinceMs };
  }

  /** Returns the finest level that has the range in MAX_STEPS steps; the coarsest, if none has. */
  #levelFor(fromMs: number, toMs: number): Level {
    const fits = this.#levels.filter(({ stepMs }) => (toMs - fromMs) / stepMs <= MAX_STEPS);
    return fits.length === 0 ? (this.#levels.at(-1) as Level) : finestWith(fits, fromMs);
  }

  #restart(atMs: number): void {
    this.#levels = makeLevels();
    this.#sinceMs = atMs;
    this.#countedToMs = atMs;
    this.#total = nothing();
  }
}

type Columns = Readonly<Record<LevelColumn, number[]>>;

function makeLevels(): readonly Level[] {
  return HISTORY_LEVELS.map(({ step_ms, buckets }) => new Level(step_ms, buckets));
}

function nothing(): Record<LevelColumn, number> {
  return Object.fromEntries(LEVEL_COLUMNS.map((name) => [name, 0])) as Record<LevelColumn, number>;
}

/**
 * Adds amounts to the buckets of a time in proportion, in whole numbers whose sums are exact. Returns the lists of the
 * last bucket.
 */
function spread(level: Level, fromMs: number, toMs: number, amounts: Amounts): ReturnType<Level['add']> {
  const { stepMs } = level;
  const added = nothing();
  let lists: ReturnType<Level['add']> | undefined;
  for (let at = fromMs; lists === undefined || at < toMs; ) {
    const next = Math.min(toMs, (Math.floor(at / stepMs) + 1) * stepMs);
    const part = nothing();
    for (const name of LEVEL_COLUMNS) {
      const upTo = Math.round((amounts[name] * (next - fromMs)) / (toMs - fromMs));
      part[name] = upTo - added[name];
      added[name] = upTo;
    }
    lists = level.add(at, part);
    at = next;
  }
  return lists;
}
