'use client';

import { type LimitLevels, MAX_BUCKETS_AT_ONCE } from '@packetlog/common';
import { useEffect, useState } from 'react';
import { useLive, useSnapshot } from '../../../node/live-context.tsx';

const EVERY_MS = 2000;
/** After an answer that is no use. */
const RETRY_MS = 10_000;
/** More are never on the page. */
const BUCKETS = Math.min(20, MAX_BUCKETS_AT_ONCE);

export type LimitLevel = LimitLevels['limits'][number];

export interface Levels {
  readonly ofLimit: ReadonlyMap<number, LimitLevel>;
  /** Why there are none, as a sentence; '' if there are. */
  readonly problem: string;
}

const NO_LEVELS: Levels = { ofLimit: new Map(), problem: '' };

/** Asks for the levels of all limits every two seconds, while the page is visible and connected. */
export function useLimitLevels(isWanted: boolean): Levels {
  const { askDefence } = useLive();
  const isLive = useSnapshot(({ connection }) => connection.state === 'live');
  const [levels, setLevels] = useState(NO_LEVELS);
  useEffect(() => {
    if (!isWanted || !isLive) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const later = (ms: number) => {
      if (!isOver) timer = setTimeout(() => void ask(), ms);
    };
    const ask = async () => {
      if (document.hidden) return later(EVERY_MS);
      const answer = await askDefence('limits:top', { count: BUCKETS });
      if (isOver) return;
      if (answer.ok) setLevels({ ofLimit: new Map(answer.value.limits.map((each) => [each.rule, each])), problem: '' });
      else setLevels({ ...NO_LEVELS, problem: answer.error.message });
      later(answer.ok ? EVERY_MS : RETRY_MS);
    };
    void ask();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [askDefence, isWanted, isLive]);
  return levels;
}
