import type { Selection } from '../../node/recorded/past-question.ts';
import { NO_FILTER } from '../../text/filter-text.ts';
import { hasUnknownParts, knownSpan, recordedPoints, recordedSums } from './recorded-points.ts';
import type { ChartSpan } from './use-chart-span.ts';
import type { Overview } from './use-overview.ts';
import type { Earlier, RatesAnswer } from './use-recorded-span.ts';

/** Returns what the chart shows of recorded rates, or of live sums. Loaded with the first question. */
export function spanOf(
  { value, request, isCurrent }: RatesAnswer,
  earlier: Earlier | null,
  { selection, zoom, range, now }: Pick<Overview, 'zoom' | 'range'> & { selection: Selection; now: number },
): ChartSpan {
  // While another range of the same filter is loading, what is known of it is shown.
  const known = value === null || (request?.filter ?? NO_FILTER) !== selection.filter ? null : value;
  const asked = { fromMs: request?.from_ms ?? 0, toMs: request?.to_ms ?? 0 };
  const inside = known === null ? asked : knownSpan(known, asked);
  const upToNow =
    known !== null && isCurrent
      ? { fromMs: inside.toMs - range.ms, toMs: inside.toMs }
      : { fromMs: now - range.ms, toMs: now };
  const shown = zoom ?? upToNow;
  const sums = known !== null && isCurrent ? recordedSums(known, shown) : null;
  const { points = [], shiftMs = 0, sums: before = null, than = '' } = earlier ?? {};
  return {
    ...shown,
    stepMs: value?.step_ms ?? 1000,
    points: known === null ? [] : recordedPoints(known, inside),
    before: points,
    shiftMs,
    comparison: sums && { now: sums, before, lengthMs: shown.toMs - shown.fromMs, than },
    idleSeconds: 0,
  };
}

/** Returns the earlier span that the chart compares with, named `than`; without points while it is loading. */
export function earlierOf({ value, request, isCurrent }: RatesAnswer, shiftMs: number, than: string): Earlier {
  if (value === null || request === null || !isCurrent) return { points: [], shiftMs, sums: null, than: '' };
  const asked = { fromMs: request.from_ms, toMs: request.to_ms };
  const sums = hasUnknownParts(value) ? null : recordedSums(value, asked);
  return { points: recordedPoints(value, knownSpan(value, asked)), shiftMs, sums, than };
}
