import { useSyncExternalStore } from 'react';
import type { FilterChoice } from '../../node/filter-choice.ts';
import { useLive } from '../../node/live-context.tsx';
import { NO_FILTER } from '../../text/filter-text.ts';

const NOTHING_SAVED: readonly string[] = [];

/** Returns the applied filter and the saved ones; none while the page is prerendered. */
export function useFilter(): { filter: FilterChoice; applied: string; saved: readonly string[] } {
  const { filter } = useLive();
  const applied = useSyncExternalStore(
    filter.onChange,
    () => filter.text,
    () => NO_FILTER,
  );
  const saved = useSyncExternalStore(
    filter.onSavedChange,
    () => filter.saved,
    () => NOTHING_SAVED,
  );
  return { filter, applied, saved };
}
