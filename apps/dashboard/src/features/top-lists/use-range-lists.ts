'use client';

import { useEffect, useState } from 'react';
import { useLive, useSnapshot } from '../../node/live-context.tsx';
import type { Overview } from '../chart/index.ts';
import { type RangeLists, rangeLists } from './range-lists.ts';

/** A moving range is requested this many times per its length. */
const ASKED_PER_RANGE = 40;
const ASK_AT_MOST_EVERY_MS = 1500;
const ASK_AT_LEAST_EVERY_MS = 15_000;

/** Top lists of the time range; null until the first answer. */
export function useRangeLists({ range, zoom }: Overview): RangeLists | null {
  const { store, top } = useLive();
  const [lists, setLists] = useState<RangeLists | null>(null);
  const live = useSnapshot(({ connection, figures }) => connection.state === 'live' && figures.summaryAt !== null);
  useEffect(() => {
    if (!live) return;
    let over = false;
    const ask = async () => {
      if (document.hidden) return;
      const toMs = store.state.past.endMs ?? Date.now();
      const answer = await (zoom === null ? top(toMs - range.ms, toMs) : top(zoom.fromMs, zoom.toMs));
      if (!over && answer !== null) setLists(rangeLists(answer));
    };
    void ask();
    const everyMs = Math.min(Math.max(range.ms / ASKED_PER_RANGE, ASK_AT_MOST_EVERY_MS), ASK_AT_LEAST_EVERY_MS);
    const timer = zoom === null ? setInterval(ask, everyMs) : undefined;
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [live, zoom, range, store, top]);
  return lists;
}
