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

/** Returns the delay before a selection is asked for again; null if its answer stays true. */
export function againAfter({ range, lastMs }: Selection, nowMs: number): number | null {
  if (range !== null) return range.toMs > nowMs - RECORDED_WITHIN_MS ? MIN_INTERVAL_MS : null;
  return Math.min(MAX_INTERVAL_MS, Math.max(MIN_INTERVAL_MS, lastMs / QUESTIONS_PER_RANGE));
}
