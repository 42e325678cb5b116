'use client';

import { useEffect, useState } from 'react';
import { useLive, useSnapshot } from '../../node/live-context.tsx';
import type { Overview } from '../chart/index.ts';
import { type RangeLists, rangeLists } from './range-lists.ts';

/** A moving range is requested this many times per its length. */
const REQUESTS_PER_RANGE = 40;
const MIN_INTERVAL_MS = 1500;
const MAX_INTERVAL_MS = 15_000;

/** Returns the top lists of the time range; null until the first answer. */
export function useRangeLists({ range, zoom }: Overview): RangeLists | null {
  const { store, top } = useLive();
  const [lists, setLists] = useState<RangeLists | null>(null);
  const live = useSnapshot(({ connection, figures }) => connection.state === 'live' && figures.summaryAt !== null);
  useEffect(() => {
    if (!live) return;
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
  }, [live, zoom, range, store, top]);
  return lists;
}
