'use client';

import { useMemo } from 'react';
import { useSnapshot } from '../../node/live-context.tsx';
import type { PastPoint, Sums } from '../../node/past/past-level.ts';
import { againAfter, requestOf, type Selection, selectionKey } from '../../node/recorded/past-question.ts';
import { type PastAnswer, usePastAnswer } from '../../node/recorded/use-past-answer.ts';
import { NO_FILTER } from '../../text/filter-text.ts';
import { comparedText, earlierMs } from './comparison.ts';
import { hasUnknownParts, recordedPoints, recordedSums } from './recorded-points.ts';
import type { ChartSpan } from './use-chart-span.ts';
import type { Overview } from './use-overview.ts';

/** Points that fit on a screen. */
const MAX_STEPS = 400;

/** Recorded rates of the earlier span that the chart compares with. */
export interface Earlier {
  readonly points: readonly PastPoint[];
  readonly shiftMs: number;
  /** null if its data is incomplete. */
  readonly sums: Sums | null;
  /** Its name; '' while it is loading. */
  readonly than: string;
}

export interface RecordedSpan {
  readonly rates: PastAnswer<'past:rates'>;
  /** null while the chart shows the history in memory. */
  readonly span: ChartSpan | null;
  /** null while the chart compares within the history in memory. */
  readonly earlier: Earlier | null;
}

/** Returns the rates of recorded packets for the chart, and of the earlier span that it compares with. */
export function useRecordedSpan(overview: Overview): RecordedSpan {
  const { selection, zoom, range } = overview;
  const rates = usePastAnswer('past:rates', selection && ratesQuestion(selection, 0));
  const earlier = useEarlier(overview);
  const now = useSnapshot(({ figures }) => (zoom === null ? Math.floor(figures.wallMs / 1000) * 1000 : 0));
  const span = useMemo(
    () => (selection === null ? null : spanOf(rates, earlier, { selection, zoom, range, now })),
    [rates.value, rates.isCurrent, earlier, selection, zoom, range, now],
  );
  return { rates, span, earlier };
}

function spanOf(
  { value, request, isCurrent }: PastAnswer<'past:rates'>,
  earlier: Earlier | null,
  { selection, zoom, range, now }: Pick<Overview, 'zoom' | 'range'> & { selection: Selection; now: number },
): ChartSpan {
  // While another range of the same filter is loading, what is known of it is shown.
  const known = value === null || (request?.filter ?? NO_FILTER) !== selection.filter ? null : value;
  const asked = { fromMs: request?.from_ms ?? 0, toMs: request?.to_ms ?? 0 };
  const upToNow = known !== null && isCurrent ? asked : { fromMs: now - range.ms, toMs: now };
  const shown = zoom ?? upToNow;
  const sums = known !== null && isCurrent ? recordedSums(known, shown) : null;
  const { points = [], shiftMs = 0, sums: before = null, than = '' } = earlier ?? {};
  return {
    ...shown,
    stepMs: value?.step_ms ?? 1000,
    points: known === null ? [] : recordedPoints(known, asked),
    before: points,
    shiftMs,
    comparison: sums && { now: sums, before, lengthMs: shown.toMs - shown.fromMs, than },
    idleSeconds: 0,
  };
}

function useEarlier({ selection, compared, zoom, range, recorder }: Overview): Earlier | null {
  const lengthMs = zoom === null ? range.ms : zoom.toMs - zoom.fromMs;
  const shiftMs = earlierMs(compared, lengthMs);
  const isOtherDay = recorder === 'on' && compared !== 'before';
  const wanted = selection ?? (isOtherDay ? { range: zoom, lastMs: range.ms, filter: NO_FILTER } : null);
  const { value, request, isCurrent } = usePastAnswer('past:rates', wanted && ratesQuestion(wanted, shiftMs));
  const isWanted = wanted !== null;
  return useMemo(() => {
    if (!isWanted) return null;
    const than = comparedText(compared, lengthMs, zoom !== null);
    if (value === null || request === null || !isCurrent) return { points: [], shiftMs, sums: null, than: '' };
    const asked = { fromMs: request.from_ms, toMs: request.to_ms };
    const sums = hasUnknownParts(value) ? null : recordedSums(value, asked);
    return { points: recordedPoints(value, asked), shiftMs, sums, than };
  }, [isWanted, value, request, isCurrent, compared, lengthMs, shiftMs, zoom]);
}

function ratesQuestion(selection: Selection, earlier: number) {
  return {
    key: `${selectionKey(selection)} ${earlier}`,
    request: (nowMs: number) => ({ ...requestOf(selection, nowMs, earlier), max_steps: MAX_STEPS }),
    againAfter: (nowMs: number) => againAfter(selection, nowMs),
  };
}
