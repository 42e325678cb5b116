'use client';

import { useEffect } from 'react';
import { NO_FILTER } from '../lib/filter-text.ts';
import { shortFilter } from '../lib/palette-filters.ts';
import { useKeys } from './keys.ts';
import { useLive } from './live-context.tsx';
import { undoList } from './undo.ts';
import { useFilter } from './use-filter.ts';

/** The filter as commands: those that were saved, none at all, and the one before. */
export function useFilterCommands(): void {
  const { store, toasts } = useLive();
  const { filter, applied: now, saved } = useFilter();
  useEffect(() => {
    let before = filter.text;
    let undoing = false;
    return filter.onChange(() => {
      const was = before;
      before = filter.text;
      // The one that the page was opened with is not a change of anything.
      if (undoing || store.picture.sessionId === undefined) return;
      undoList.add({
        undo: () => {
          undoing = true;
          filter.apply(was);
          undoing = false;
          const text = was === NO_FILTER ? 'Taken back: no filter.' : `Taken back: the filter is again ${was}`;
          toasts.show({ text, tone: 'done' });
        },
      });
    });
  }, [filter, store, toasts]);
  const isSaved = saved.includes(now);
  useKeys('app', [
    ...(now === NO_FILTER
      ? []
      : ([
          {
            keys: [],
            name: 'Remove the filter',
            group: 'Filter',
            words: 'clear all',
            run: () => filter.apply(NO_FILTER),
          },
          {
            keys: [],
            name: isSaved ? 'Forget this filter' : 'Save this filter',
            group: 'Filter',
            words: 'star remember',
            run: () => (isSaved ? filter.forget(now) : filter.save(now)),
          },
        ] as const)),
    ...saved
      .filter((each) => each !== now)
      .map(
        (each) =>
          ({
            keys: [],
            name: `Show only: ${shortFilter(each)}`,
            group: 'Filter',
            words: 'saved filter',
            run: () => filter.apply(each),
          }) as const,
      ),
  ]);
}
