'use client';

import type { PastLearned } from '@packetlog/common';
import { useEffect, useState } from 'react';
import { useLive } from '../../../node/live-context.tsx';
import type { TimeSpan } from '../../../node/past/past.ts';
import type { SourceChoice } from './learn-text.ts';

export type LearnState =
  | { readonly at: 'reading' }
  | { readonly at: 'done'; readonly learned: PastLearned; readonly range: TimeSpan }
  | { readonly at: 'rejected'; readonly message: string };

/** Asks what only these sources sent in the range; a newer question, or closing the sheet, cancels it. */
export function useLearned(choice: SourceChoice, range: TimeSpan): LearnState {
  const { askPast } = useLive();
  const [state, setState] = useState<LearnState>({ at: 'reading' });
  useEffect(() => {
    const over = new AbortController();
    setState({ at: 'reading' });
    const times = { from_ms: Math.floor(range.fromMs), to_ms: Math.ceil(range.toMs) };
    void askPast('past:learn', { ...times, ...choice.request }, over.signal).then((answer) => {
      if (over.signal.aborted) return;
      setState(
        answer.ok ? { at: 'done', learned: answer.value, range } : { at: 'rejected', message: answer.error.message },
      );
    });
    return () => over.abort();
  }, [askPast, choice, range]);
  return state;
}
