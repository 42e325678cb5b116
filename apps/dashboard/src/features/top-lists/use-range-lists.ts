'use client';

import { useEffect, useMemo, useState } from 'react';
import { useLive, useSnapshot } from '../../node/live-context.tsx';
import { againAfter, requestOf, selectionKey } from '../../node/recorded/past-question.ts';
import { usePastAnswer } from '../../node/recorded/use-past-answer.ts';
import type { Overview } from '../chart/index.ts';
import { type RangeLists, rangeLists, recordedLists } from './range-lists.ts';

/** A moving range is requested this many times per its length. */
const REQUESTS_PER_RANGE = 40;
const MIN_INTERVAL_MS = 1500;
const MAX_INTERVAL_MS = 15_000;

export interface RangeListsAnswer {
  /** null until the first answer. */
  readonly lists: RangeLists | null;
  /** Whether another range or filter is loading. */
  readonly isLoading: boolean;
  /** Why there are no lists, as a sentence; null if there are, or will be. */
  readonly problem: string | null;
}

/** Returns the top lists of the time range: of recorded packets, or from the history in memory. */
export function useRangeLists(overview: Overview): RangeListsAnswer {
  const inMemory = useListsInMemory(overview);
  const recorded = useRecordedLists(overview);
  return overview.selection === null ? { lists: inMemory, isLoading: false, problem: null } : recorded;
}

function useRecordedLists({ selection }: Overview): RangeListsAnswer {
  const answer = usePastAnswer(
    'past:top',
    selection && {
      key: selectionKey(selection),
      request: (nowMs) => requestOf(selection, nowMs),
      againAfter: (nowMs) => againAfter(selection, nowMs),
    },
  );
  const { value, request, isCurrent, problem } = answer;
  const lists = useMemo(
    () => (value === null || request === null ? null : recordedLists(value, request.to_ms - request.from_ms)),
    [value, request],
  );
  return { lists, isLoading: !isCurrent, problem };
}

function useListsInMemory({ range, zoom, selection }: Overview): RangeLists | null {
  const { store, top } = useLive();
  const [lists, setLists] = useState<RangeLists | null>(null);
  const live = useSnapshot(({ connection, figures }) => connection.state === 'live' && figures.summaryAt !== null);
  const isWanted = selection === null;
  useEffect(() => {
    if (!live || !isWanted) return;
    let over = false;
    const request = async () => {
      if (document.hidden) return;
      const toMs = store.state.past.endMs ?? Date.now();
      const answer = await (zoom === null ? top(toMs - range.ms, toMs) : top(zoom.fromMs, zoom.toMs));
      if (!over && answer !== null) setLists(rangeLists(answer));
    };
    void request();
    const everyMs = Math.min(Math.max(range.ms / REQUESTS_PER_RANGE, MIN_INTERVAL_MS), MAX_INTERVAL_MS);
    const timer = zoom === null ? setInterval(request, everyMs) : undefined;
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [live, isWanted, zoom, range, store, top]);
  return lists;
}
