'use client';

import { useMemo, useState } from 'react';
import { useLive, useSnapshot } from '../../node/live-context.tsx';
import type { TimeSpan } from '../../node/past/past.ts';
import type { Selection } from '../../node/recorded/past-question.ts';
import {
  type RecorderState,
  useAppliedFilter,
  useOldestRecorded,
  useRecorder,
  useShownRange,
} from '../../node/recorded/use-recorder.ts';
import { NO_FILTER } from '../../text/filter-text.ts';
import type { Command } from '../../ui/keys/key-bindings.ts';
import { useKeys } from '../../ui/keys/keys.ts';
import { COMPARED, type Compared } from './comparison.ts';
import { LIVE_SPANS, type Span, spansFor } from './spans.ts';

/** The time range of the page, and where its figures come from. */
export interface Overview {
  readonly range: Span;
  readonly ranges: readonly Span[];
  /** A range of the past, which does not move; null for the range up to now. */
  readonly zoom: TimeSpan | null;
  readonly setRange: (id: string) => void;
  readonly setZoom: (zoom: TimeSpan | null) => void;
  readonly recorder: RecorderState;
  /** The packets that chart and lists ask for: recorded, or live sums; null if they are from the history in memory. */
  readonly selection: Selection | null;
  /** What the chart compares with. */
  readonly compared: Compared;
  readonly setCompared: (compared: Compared) => void;
  /** Whether there are recorded packets to compare with. */
  readonly canCompare: boolean;
}

const BACK_TO_LIVE = { keys: ['escape', 'l'], name: 'Back to live', group: 'Time', keywords: 'follow newest' } as const;
const MINUTE = 60_000;

export function useOverview(): Overview {
  const { range: choice } = useLive();
  const recorder = useRecorder();
  const zoom = useShownRange();
  const filter = useAppliedFilter();
  const [id, setId] = useState(LIVE_SPANS[0]?.id);
  const [compared, setCompared] = useState<Compared>('before');
  const ranges = useSpans(recorder);
  const range = ranges.find((span) => span.id === id) ?? (ranges[0] as Span);
  const selection = useMemo<Selection | null>(() => {
    const asked = { range: zoom, lastMs: range.ms, filter };
    if (recorder === 'on') return zoom === null && filter === NO_FILTER && !range.isRecorded ? null : asked;
    if (recorder === 'some' && zoom !== null) return asked;
    return recorder === 'unknown' || filter === NO_FILTER ? null : { ...asked, isLive: true };
  }, [recorder, zoom, filter, range]);
  // Of the newest packets, all nodes have figures; recorded ones would be of some nodes only.
  const canCompare = recorder === 'on' || (recorder === 'some' && zoom !== null);
  const setRange = (next: string) => {
    choice.show(null);
    setId(next);
  };
  useKeys('page', [
    ...ranges.map(
      (span, i): Command => ({
        keys: [String(i + 1)],
        name: span.id === 'all' ? 'Show all recorded time' : `Show the last ${span.id}`,
        group: 'Time',
        keywords: 'range history past',
        run: () => setRange(span.id),
      }),
    ),
    ...(canCompare
      ? COMPARED.filter(({ value }) => value !== compared).map(
          ({ value, name }): Command => ({
            keys: [],
            name: `Compare with ${name}`,
            group: 'Time',
            keywords: 'dashed difference',
            run: () => setCompared(value),
          }),
        )
      : []),
    ...(zoom === null ? [] : [{ ...BACK_TO_LIVE, run: () => choice.show(null) }]),
  ]);
  const setZoom = choice.show;
  return { range, ranges, zoom, setRange, setZoom, recorder, selection, compared, setCompared, canCompare };
}

function useSpans(recorder: RecorderState): readonly Span[] {
  const oldest = useOldestRecorded();
  const now = useSnapshot(({ figures }) => Math.ceil(figures.wallMs / MINUTE) * MINUTE);
  const recordedMs = recorder === 'on' && oldest !== null ? Math.max(0, now - oldest) : 0;
  // Up to the longest range in memory it makes no difference.
  const reach = spansFor(recordedMs).length === LIVE_SPANS.length ? 0 : recordedMs;
  return useMemo(() => spansFor(reach), [reach]);
}
