'use client';

import type { ReactNode } from 'react';
import { useLive } from '../../node/live-context.tsx';
import { toasts } from '../../ui/toast-store.ts';
import { withEntry } from './entry-filter.ts';
import { TOO_MANY_NETWORKS } from './source-groups.ts';

/** The name of an entry, which filters by it. */
export function FilterButton({
  label,
  filter: entry,
  about,
  shows = 'its packets',
  children,
}: {
  label: string;
  /** Text of the filter; null: the entry has too many networks. */
  filter: string | null;
  /** The label and what else is known of it, for the tooltip. */
  about: string;
  /** What the filter shows. */
  shows?: string;
  children: ReactNode;
}) {
  const { filter } = useLive();
  const filterBy = () => {
    const next = entry === null ? null : withEntry(filter.text, entry, true);
    const problem = entry === null ? `has ${TOO_MANY_NETWORKS}` : 'is a value that no filter can name';
    if (next !== null) filter.apply(next);
    else toasts.show({ text: `Not added to the filter: ${label} ${problem}.`, tone: 'problem' });
  };
  return (
    <button
      type="button"
      className="top-filter"
      title={entry === null ? `${about}: ${TOO_MANY_NETWORKS}` : `${about}. Press to show only ${shows}`}
      aria-disabled={entry === null}
      onClick={filterBy}
    >
      {children}
    </button>
  );
}
