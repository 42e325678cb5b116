'use client';

import { useEffect, useState } from 'react';
import { useLive, useSnapshot } from '../live-context.tsx';
import type { PastAnswers, PastCoverage, PastEvent, PastRequests } from '../messages/past-events.ts';
import { useJoinedRecorders } from './use-recorder.ts';

/** Delay before a question is repeated that the loader could not answer. */
const RETRY_MS = 5_000;

export interface PastQuestion<Event extends PastEvent> {
  /** Changes with the question; a question about the time up to now keeps its key. */
  readonly key: string;
  /** Makes the request. `nowMs`: the loader's clock. */
  readonly request: (nowMs: number) => PastRequests[Event];
  /** Delay before it is asked again; null if the answer stays true. */
  readonly againAfter: (nowMs: number) => number | null;
}

export interface PastAnswer<Event extends PastEvent> {
  /** The newest answer, possibly to an earlier question; null before the first. */
  readonly value: PastAnswers[Event] | null;
  /** What `value` answers. */
  readonly request: PastRequests[Event] | null;
  /** Whether `value` answers the present question. */
  readonly isCurrent: boolean;
  /** Why the present question has no answer, as a sentence; null if it has one, or will. */
  readonly problem: string | null;
}

interface Known<Event extends PastEvent> {
  readonly key: string;
  readonly value: PastAnswers[Event];
  readonly request: PastRequests[Event];
}

/** Asks the recorder while the component is mounted and connected. null asks nothing. */
export function usePastAnswer<Event extends PastEvent>(
  event: Event,
  question: PastQuestion<Event> | null,
): PastAnswer<Event> {
  const { store, askPast } = useLive();
  const [known, setKnown] = useState<Known<Event> | null>(null);
  const [problem, setProblem] = useState<{ key: string; message: string } | null>(null);
  const isLive = useSnapshot(({ connection }) => connection.state === 'live');
  const joined = useJoinedRecorders();
  const key = question?.key ?? null;
  useEffect(() => {
    if (question === null || key === null || !isLive) return;
    const over = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const now = () => store.getSnapshot().figures.wallMs;
    const ask = async () => {
      if (document.hidden) return later(RETRY_MS);
      const request = question.request(now());
      const answer = await askPast(event, request, over.signal);
      if (over.signal.aborted) return;
      if (answer.ok) {
        setKnown({ key, value: answer.value, request });
        setProblem(null);
        // Of several nodes, some may have failed.
        const { nodes } = 'coverage' in answer.value ? (answer.value.coverage as PastCoverage) : {};
        later(nodes?.retryMs ?? question.againAfter(now()));
      } else {
        setProblem({ key, message: answer.error.message });
        later(answer.error.retry_after_ms ?? RETRY_MS);
      }
    };
    const later = (ms: number | null) => {
      if (ms !== null) timer = setTimeout(() => void ask(), ms);
    };
    void ask();
    return () => {
      over.abort();
      clearTimeout(timer);
    };
    // The functions of a question follow from its key.
  }, [event, key, isLive, joined, store, askPast]);
  return {
    value: known?.value ?? null,
    request: known?.request ?? null,
    isCurrent: known !== null && known.key === key,
    problem: problem !== null && problem.key === key ? problem.message : null,
  };
}
