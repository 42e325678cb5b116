import { HISTORY_COLUMNS, type LiveRates } from '@packetlog/common';
import type { PastCoverage, PastRatesOf } from '../../node/messages/past-events.ts';
import type { TimeSpan } from '../../node/past/past.ts';
import type { PastPoint, Sums } from '../../node/past/past-level.ts';

/** Causes for which a time has no figures at all: it is not known, rather than without packets. */
const UNKNOWN: ReadonlySet<string> = new Set(['not_recorded', 'expired', 'not_counted']);
/** A shorter part of a step at an edge of live sums is not shown: its rate would mean little. */
const MIN_PART_MS = 500;

/** Returns the part of a span that the rates are of: live sums begin with a question, and end with a second. */
export function knownSpan(rates: PastRatesOf | LiveRates, span: TimeSpan): TimeSpan {
  if (!('since_ms' in rates)) return span;
  const { since_ms, counted_to_ms, step_ms } = rates;
  const endMs = Math.min(span.toMs, counted_to_ms);
  const stepEndMs = Math.ceil(since_ms / step_ms) * step_ms;
  return {
    fromMs: Math.max(span.fromMs, stepEndMs - since_ms < MIN_PART_MS ? stepEndMs : since_ms),
    toMs: endMs % step_ms < MIN_PART_MS ? endMs - (endMs % step_ms) : endMs,
  };
}

/** Returns the points of recorded rates: per second, except `lost`. The first and last step may be partly outside. */
export function recordedPoints({ step_ms, first_at_ms, columns, coverage }: PastRatesOf, span: TimeSpan): PastPoint[] {
  return columns.packets.map((_, i) => {
    const fromMs = first_at_ms + i * step_ms;
    const inside: TimeSpan = {
      fromMs: Math.max(fromMs, span.fromMs),
      toMs: Math.min(fromMs + step_ms, span.toMs),
    };
    const seconds = (inside.toMs - inside.fromMs) / 1000;
    if (seconds <= 0 || (columns.packets[i] === 0 && isUnknown(coverage, inside))) return { fromMs, rates: null };
    const rates = Object.fromEntries(
      HISTORY_COLUMNS.map((name) => [name, (columns[name][i] ?? 0) / (name === 'lost' ? 1 : seconds)]),
    ) as Sums;
    return { fromMs, rates };
  });
}

/** Returns whether none of the nodes has figures of this time. */
function isUnknown({ missing, nodes }: PastCoverage, { fromMs, toMs }: TimeSpan): boolean {
  const without = missing.filter(
    ({ kind, from_ms = Number.NEGATIVE_INFINITY, to_ms = Number.POSITIVE_INFINITY }) =>
      UNKNOWN.has(kind) && from_ms <= fromMs && to_ms >= toMs,
  );
  return new Set(without.map(({ node }) => node)).size >= (nodes?.answered.length ?? 1);
}

/** Sums of all steps; null if nothing of the span was recorded. */
export function recordedSums(rates: PastRatesOf, span: TimeSpan): Sums | null {
  if (recordedPoints(rates, span).every((point) => point.rates === null)) return null;
  return Object.fromEntries(
    HISTORY_COLUMNS.map((name) => [name, rates.columns[name].reduce((sum, value) => sum + value, 0)]),
  ) as Sums;
}

/** Returns whether parts of the span have no figures, so that its sums cannot be compared. */
export function hasUnknownParts({ coverage }: PastRatesOf): boolean {
  return coverage.missing.some(({ kind }) => UNKNOWN.has(kind));
}
