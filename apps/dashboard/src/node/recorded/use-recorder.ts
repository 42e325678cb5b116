'use client';

import { useSyncExternalStore } from 'react';
import { NO_FILTER } from '../../text/filter-text.ts';
import { useLive, useSnapshot } from '../live-context.tsx';
import type { TimeSpan } from '../past/past.ts';

/** Whether packets of the shown node are recorded; `some`: on some of the shown nodes. */
export type RecorderState = 'unknown' | 'off' | 'some' | 'on';

export function useRecorder(): RecorderState {
  return useSnapshot(({ figures: { ledger } }) => {
    if (ledger === null) return 'unknown';
    const { recording, of } = ledger.recorders ?? { recording: ledger.recorder === undefined ? 0 : 1, of: 1 };
    return recording === 0 ? 'off' : recording < of ? 'some' : 'on';
  });
}

/** Changes when a node becomes reachable whose recorded packets answers lack. */
export function useJoinedRecorders(): number {
  return useSnapshot(({ figures: { ledger } }) => ledger?.recorders?.joined ?? 0);
}

/** Returns the time of the oldest recorded packet, to the minute; null if there is none. */
export function useOldestRecorded(): number | null {
  return useSnapshot(({ figures: { ledger } }) => {
    const oldest = (ledger?.recorders ?? ledger?.recorder)?.oldest_ms ?? 0;
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
  return range !== null && (recorder === 'on' || recorder === 'some');
}
