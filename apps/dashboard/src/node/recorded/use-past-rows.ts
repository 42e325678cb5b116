'use client';

import { useEffect, useState } from 'react';
import { lazyWithRetry } from '../lazy-with-retry.ts';
import { useLive, useSnapshot } from '../live-context.tsx';
import type { PastRows } from './past-rows.ts';
import { useAppliedFilter, useJoinedRecorders, useShownRange, useShowsPast } from './use-recorder.ts';

const RETRY_MS = 5_000;
/** The time from the kernel to the recorder's file, at most. */
const RECORDED_WITHIN_MS = 1_000;

/** Returns the recorded rows of the shown range that match the filter; null while there are none, or it is live. */
export function usePastRows(): PastRows | null {
  const { askPast, store } = useLive();
  const [range, filter, isPast] = [useShownRange(), useAppliedFilter(), useShowsPast()];
  const joined = useJoinedRecorders();
  const isLive = useSnapshot(({ connection }) => connection.state === 'live');
  const [rows, setRows] = useState<PastRows | null>(null);
  useEffect(() => {
    if (!isPast || range === null) return setRows(null);
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stop = () => {};
    void lazyWithRetry(() => import('./past-rows.ts')).then(({ PastRows }) => {
      if (isOver) return;
      const next = new PastRows(askPast, { range, lastMs: 0, filter });
      const unsubscribe = next.subscribe(() => {
        if (next.state.step === 'failed') timer = setTimeout(next.loadOlder, next.state.retryMs ?? RETRY_MS);
      });
      stop = () => {
        unsubscribe();
        next.close();
      };
      setRows(next);
      const ageMs = store.getSnapshot().figures.wallMs - range.toMs;
      timer = setTimeout(next.loadOlder, Math.max(0, RECORDED_WITHIN_MS - ageMs));
    });
    return () => {
      isOver = true;
      stop();
      clearTimeout(timer);
    };
  }, [askPast, store, isPast, range, filter, joined]);
  // A question that failed without a connection is repeated when it is back.
  useEffect(() => {
    if (isLive && rows?.state.step === 'failed') rows.loadOlder();
  }, [isLive, rows]);
  return isPast ? rows : null;
}
