'use client';

import { useSyncExternalStore } from 'react';
import { NO_FILTER } from '../../text/filter-text.ts';
import { useLive, useSnapshot } from '../live-context.tsx';
import { ALL_NODES } from '../nodes.ts';
import type { TimeSpan } from '../past/past.ts';
import { useNodes } from '../use-nodes.ts';

/** Whether packets of the shown node are recorded; `all-nodes`: each node has a recorder, which answers for itself. */
export type RecorderState = 'unknown' | 'off' | 'on' | 'all-nodes';

export function useRecorder(): RecorderState {
  const allNodes = useNodes().shown === ALL_NODES;
  const state = useSnapshot(({ figures: { ledger } }) =>
    ledger === null ? 'unknown' : ledger.recorder === undefined ? 'off' : 'on',
  );
  return allNodes ? 'all-nodes' : state;
}

/** Returns the time of the oldest recorded packet, to the minute; null if there is none. */
export function useOldestRecorded(): number | null {
  return useSnapshot(({ figures: { ledger } }) => {
    const oldest = ledger?.recorder?.oldest_ms ?? 0;
    return oldest === 0 ? null : Math.floor(oldest / 60_000) * 60_000;
  });
}

/** Returns the range of the past that is shown; null up to now. */
export function useShownRange(): TimeSpan | null {
  const { range } = useLive();
  return useSyncExternalStore(range.onChange, range.get, () => null);
}

export function useAppliedFilter(): string {
  const { filter } = useLive();
  return useSyncExternalStore(
    filter.onChange,
    () => filter.text,
    () => NO_FILTER,
  );
}

/** Returns whether the table shows recorded packets instead of the newest ones. */
export function useShowsPast(): boolean {
  const [range, recorder] = [useShownRange(), useRecorder()];
  return range !== null && recorder === 'on';
}
