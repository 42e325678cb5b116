'use client';

import { NO_FILTER, shortFilter } from '../../text/filter-text.ts';
import { useKeys } from '../../ui/keys/keys.ts';
import { useFilter } from './use-filter.ts';

/** Commands to remove and save the filter, and to apply saved ones. */
export function useFilterCommands(): void {
  const { filter, applied: now, saved } = useFilter();
  const isSaved = saved.includes(now);
  useKeys('app', [
    ...(now === NO_FILTER
      ? []
      : ([
          {
            keys: [],
            name: 'Remove the filter',
            group: 'Filter',
            keywords: 'clear all',
            run: () => filter.apply(NO_FILTER),
          },
          {
            keys: [],
            name: isSaved ? 'Forget this filter' : 'Save this filter',
            group: 'Filter',
            keywords: 'star remember',
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
            keywords: 'saved filter',
            run: () => filter.apply(each),
          }) as const,
      ),
  ]);
}
