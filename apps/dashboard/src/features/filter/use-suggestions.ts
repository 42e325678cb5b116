'use client';

import type { FilterOption } from '@packetlog/common';
import { useEffect, useMemo, useState } from 'react';
import { lazyWithRetry } from '../../node/lazy-with-retry.ts';
import { useSnapshot } from '../../node/live-context.tsx';
import type { completeFilter } from './filter-completion.ts';

export interface Suggestions {
  /** Beginning of the text that a suggestion replaces. */
  readonly from: number;
  readonly options: readonly FilterOption[];
}

/**
 * Returns the words that may follow at the cursor; for an empty text, the saved filters. Returns null without a cursor,
 * or until the completion has loaded.
 */
export function useSuggestions(text: string, cursor: number | null, saved: readonly string[]): Suggestions | null {
  const vocabulary = useVocabulary();
  const complete = useCompletion(cursor !== null);
  return useMemo(() => {
    if (cursor === null) return null;
    if (text === '' && saved.length > 0) {
      return { from: 0, options: saved.map((each): FilterOption => ({ text: each, kind: 'value', detail: 'saved' })) };
    }
    return complete === null ? null : complete(text, cursor, vocabulary);
  }, [text, cursor, saved, vocabulary, complete]);
}

type Complete = typeof completeFilter;

/** Loads the completion when it is first wanted. Returns null until then. */
function useCompletion(wanted: boolean): Complete | null {
  const [complete, setComplete] = useState<Complete | null>(null);
  const isMissing = wanted && complete === null;
  useEffect(() => {
    if (!isMissing) return;
    let isUnmounted = false;
    void lazyWithRetry(() => import('./filter-completion.ts')).then(({ completeFilter }) => {
      if (!isUnmounted) setComplete(() => completeFilter);
    });
    return () => {
      isUnmounted = true;
    };
  }, [isMissing]);
  return complete;
}

/** Returns known interfaces, busy addresses and rules. */
function useVocabulary() {
  const interfaces = useSnapshot(({ figures }) => figures.interfaces);
  const top = useSnapshot(({ figures }) => figures.top);
  const rules = useSnapshot((snapshot) => snapshot.rules);
  return useMemo(
    () => ({
      interfaces: interfaces.map(({ name }) => name),
      addresses: top.sources.map(({ label }) => label),
      rules: rules?.snapshot.rules.map(({ id, reason }) => ({ id, detail: reason })) ?? [],
    }),
    [interfaces, top, rules],
  );
}
