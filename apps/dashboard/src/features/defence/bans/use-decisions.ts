'use client';

import { type Decision, MAX_DECISIONS_AT_ONCE } from '@packetlog/common';
import { useEffect, useMemo, useState } from 'react';
import { useLive, useSnapshot } from '../../../node/live-context.tsx';
import { isDecision } from '../../../node/messages/defence-messages.ts';
import type { NodeMessage } from '../../../node/state/figures.ts';

export interface KnownDecisions {
  /** Newest first. */
  readonly decisions: readonly Decision[];
  /** Why the earlier ones are missing, as a sentence; '' if they are not. */
  readonly problem: string;
}

/** Returns the newest decisions of the shown node, also while new ones are made. `undone`: number of bans undone. */
export function useDecisions(undone: number): KnownDecisions {
  const { askDefence } = useLive();
  const isLive = useSnapshot(({ connection }) => connection.state === 'live');
  const messages = useSnapshot(({ figures }) => figures.decisions);
  const [asked, setAsked] = useState<KnownDecisions>({ decisions: [], problem: '' });
  useEffect(() => {
    if (!isLive) return;
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      const answer = await askDefence('bans:decisions', { limit: MAX_DECISIONS_AT_ONCE });
      if (isOver) return;
      if (answer.ok) {
        setAsked({ decisions: answer.value.decisions, problem: '' });
        return;
      }
      const { message, retry_after_ms } = answer.error;
      if (retry_after_ms === undefined) setAsked({ decisions: [], problem: message });
      // Asked too often, by this page or another client of the same address.
      else timer = setTimeout(() => void ask(), retry_after_ms);
    };
    void ask();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [askDefence, isLive, undone]);
  const decisions = useMemo(() => allDecisions(asked.decisions, messages), [asked.decisions, messages]);
  return { decisions, problem: asked.problem };
}

/** Joins what was asked, which says what was undone, and what was told since. Messages that fail their check are not shown. */
export function allDecisions(asked: readonly Decision[], messages: readonly NodeMessage[]): readonly Decision[] {
  const told = messages.map(({ message }) => message).filter(isDecision);
  const byId = new Map([...told, ...asked].map((decision) => [decision.id, decision]));
  return [...byId.values()].sort((a, b) => b.id - a.id);
}
