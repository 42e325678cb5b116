import { NO_FILTER } from '../../text/filter-text.ts';
import type { TimeSpan } from '../past/past.ts';

/** The time from the kernel to the recorder's file. Ranges that end later than that are asked for again. */
const RECORDED_WITHIN_MS = 3_000;
const MIN_INTERVAL_MS = 2_000;
const MAX_INTERVAL_MS = 60_000;
/** A range up to now is asked for this many times per its length. */
const QUESTIONS_PER_RANGE = 200;

/** The packets that are asked for: those of a range, or of the last `lastMs`, that match the filter. */
export interface Selection {
  readonly range: TimeSpan | null;
  readonly lastMs: number;
  readonly filter: string;
  /** Whether the answers are live sums of the filter, which the loader counts from the first question on. */
  readonly isLive?: boolean;
}

export function selectionKey({ range, lastMs, filter }: Selection): string {
  return `${range === null ? `last ${lastMs}` : `${range.fromMs} to ${range.toMs}`} ${filter}`;
}

/** Returns range and filter of a request. `earlierMs`: for the same range that much earlier. */
export function requestOf({ range, lastMs, filter }: Selection, nowMs: number, earlierMs = 0) {
  const { fromMs, toMs } = range ?? { fromMs: Math.floor(nowMs) - lastMs, toMs: Math.floor(nowMs) };
  return {
    from_ms: Math.max(0, fromMs - earlierMs),
    to_ms: toMs - earlierMs,
    ...(filter !== NO_FILTER && { filter }),
  };
}

/** Returns the delay before a selection is asked for again, at least `minMs`; null if its answer stays true. */
export function againAfter({ range, lastMs }: Selection, nowMs: number, minMs = MIN_INTERVAL_MS): number | null {
  if (range !== null) return range.toMs > nowMs - RECORDED_WITHIN_MS ? minMs : null;
  return Math.min(MAX_INTERVAL_MS, Math.max(minMs, lastMs / QUESTIONS_PER_RANGE));
}
