'use client';

import { useMemo } from 'react';
import { useLive, useSnapshot } from '../../node/live-context.tsx';
import type { TimeSpan } from '../../node/past/past.ts';
import type { PastPoint } from '../../node/past/past-level.ts';
import { type Comparison, compare } from './comparison.ts';
import type { Overview } from './use-overview.ts';
import { type RatesAnswer, useRecordedSpan } from './use-recorded-span.ts';

/** The time span that the chart shows, and its data. */
export interface ChartSpan extends TimeSpan {
  readonly stepMs: number;
  readonly points: readonly PastPoint[];
  /** Points of the earlier span of the same length. */
  readonly before: readonly PastPoint[];
  /** How much earlier it is. */
  readonly shiftMs: number;
  readonly comparison: Comparison | null;
  /** Whole seconds since the last summary. The time axis advances by them, so that missing data shows as a gap. */
  readonly idleSeconds: number;
}

/** Returns the zoomed span, or the selected range up to the latest data: recorded, or from the history in memory. */
export function useChartSpan(overview: Overview): ChartSpan & { readonly recorded: RatesAnswer } {
  const { zoom, range } = overview;
  const { past } = useLive().store.state;
  const version = useSnapshot(() => past.version);
  const idleSeconds = useSnapshot(({ figures, now }) =>
    zoom !== null || figures.summaryAt === null ? 0 : Math.floor((now - figures.summaryAt) / 1000),
  );
  const { rates, span, earlier } = useRecordedSpan(overview);
  const chartSpan = useMemo(() => {
    const endMs = past.endMs ?? 0;
    const { fromMs, toMs } = zoom ?? { fromMs: endMs - range.ms, toMs: endMs };
    return {
      fromMs,
      toMs,
      stepMs: past.stepMs({ fromMs, toMs }),
      points: past.points({ fromMs, toMs }),
      before: past.points({ fromMs: fromMs - (toMs - fromMs), toMs: fromMs }),
      shiftMs: toMs - fromMs,
      comparison: compare(past, { fromMs, toMs }),
    };
  }, [past, version, zoom, range]);
  const inMemory = useMemo(() => {
    if (earlier === null) return chartSpan;
    const { points, shiftMs, sums, than } = earlier;
    const comparison = chartSpan.comparison && { ...chartSpan.comparison, before: sums, than };
    return { ...chartSpan, before: points, shiftMs, comparison };
  }, [chartSpan, earlier]);
  return { ...(span ?? { ...inMemory, idleSeconds }), recorded: rates };
}
