'use client';

import { useEffect, useMemo, useState } from 'react';
import { lazyWithRetry } from '../../node/lazy-with-retry.ts';
import { useSnapshot } from '../../node/live-context.tsx';
import type { PastPoint, Sums } from '../../node/past/past-level.ts';
import { againAfter, requestOf, type Selection, selectionKey } from '../../node/recorded/past-question.ts';
import { type PastAnswer, usePastAnswer } from '../../node/recorded/use-past-answer.ts';
import { NO_FILTER } from '../../text/filter-text.ts';
import { comparedText, earlierMs } from './comparison.ts';
import type { ChartSpan } from './use-chart-span.ts';
import type { Overview } from './use-overview.ts';

/** Points that fit on a screen. */
const MAX_STEPS = 400;
/** Live sums are counted each second. */
const LIVE_INTERVAL_MS = 1_000;

const NO_FIGURES = { stepMs: 1000, points: [], before: [], shiftMs: 0, comparison: null, idleSeconds: 0 };

type RatesEvent = 'past:rates' | 'live:rates';
export type RatesAnswer = PastAnswer<RatesEvent>;

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
  readonly rates: RatesAnswer;
  /** null while the chart shows the history in memory. */
  readonly span: ChartSpan | null;
  /** null while the chart compares within the history in memory. */
  readonly earlier: Earlier | null;
}

/** Returns the rates of recorded packets, or live sums, for the chart, and of the earlier span that it compares with. */
export function useRecordedSpan(overview: Overview): RecordedSpan {
  const { selection, zoom, range } = overview;
  const rates = usePastAnswer<RatesEvent>(
    selection?.isLive ? 'live:rates' : 'past:rates',
    selection && ratesQuestion(selection, 0),
  );
  const parts = useParts(selection !== null || overview.compared !== 'before');
  const earlier = useEarlier(overview, parts);
  const now = useSnapshot(({ figures }) => (zoom === null ? Math.floor(figures.wallMs / 1000) * 1000 : 0));
  const span = useMemo(
    () =>
      selection === null
        ? null
        : (parts?.spanOf(rates, earlier, { selection, zoom, range, now }) ?? {
            ...NO_FIGURES,
            ...(zoom ?? { fromMs: now - range.ms, toMs: now }),
          }),
    [parts, rates.value, rates.isCurrent, earlier, selection, zoom, range, now],
  );
  return { rates, span, earlier };
}

function useEarlier({ selection, compared, zoom, range, canCompare }: Overview, parts: Parts | null): Earlier | null {
  const lengthMs = zoom === null ? range.ms : zoom.toMs - zoom.fromMs;
  const shiftMs = earlierMs(compared, lengthMs);
  const isOtherDay = canCompare && compared !== 'before';
  const wanted = selection ?? (isOtherDay ? { range: zoom, lastMs: range.ms, filter: NO_FILTER } : null);
  const rates = usePastAnswer<RatesEvent>(
    wanted?.isLive ? 'live:rates' : 'past:rates',
    wanted && ratesQuestion(wanted, shiftMs),
  );
  const { value, request, isCurrent } = rates;
  const isWanted = wanted !== null;
  return useMemo(
    () =>
      isWanted && parts !== null
        ? parts.earlierOf(rates, shiftMs, comparedText(compared, lengthMs, zoom !== null))
        : null,
    [isWanted, parts, value, request, isCurrent, compared, lengthMs, shiftMs, zoom],
  );
}

type Parts = typeof import('./span-of-rates.ts');

/** Loads what reads the answers, once there are questions; null until then. */
function useParts(isWanted: boolean): Parts | null {
  const [parts, setParts] = useState<Parts | null>(null);
  useEffect(() => {
    if (isWanted) void lazyWithRetry(() => import('./span-of-rates.ts')).then(setParts);
  }, [isWanted]);
  return parts;
}

function ratesQuestion(selection: Selection, earlier: number) {
  const { filter, isLive = false } = selection;
  return {
    key: `${selectionKey(selection)} ${earlier}`,
    request: (nowMs: number) => ({
      ...requestOf(selection, nowMs, earlier),
      ...(isLive ? { filter } : { max_steps: MAX_STEPS }),
    }),
    againAfter: (nowMs: number) => againAfter(selection, nowMs, isLive && earlier === 0 ? LIVE_INTERVAL_MS : undefined),
  };
}
