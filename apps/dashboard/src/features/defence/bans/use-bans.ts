'use client';

import type { Ban, Bans } from '@packetlog/common';
import { useEffect, useMemo, useState } from 'react';
import { useLive, useSnapshot } from '../../../node/live-context.tsx';
import { isBans } from '../../../node/messages/defence-messages.ts';

/** At least between two questions for more bans than the newest ones, which are sent. */
const LIST_EVERY_MS = 5000;

export interface BansInForce {
  /** null: the loader has no bans, or has not told yet. */
  readonly state: Bans | null;
  /** Newest first. */
  readonly bans: readonly Ban[];
}

/** Returns the bans in force on the shown node. */
export function useBans(): BansInForce {
  const { askDefence } = useLive();
  const message = useSnapshot(({ figures }) => figures.bans[0]?.message);
  const state = useMemo(() => (isBans(message) ? message : null), [message]);
  const [listed, setListed] = useState<readonly Ban[]>([]);
  const hasMore = state !== null && state.active > state.newest.length;
  useEffect(() => {
    if (!hasMore) return;
    const ask = async () => {
      const answer = await askDefence('bans:list', {});
      if (answer.ok) setListed(answer.value.bans);
    };
    void ask();
    const timer = setInterval(() => {
      if (!document.hidden) void ask();
    }, LIST_EVERY_MS);
    return () => clearInterval(timer);
  }, [askDefence, hasMore]);
  const bans = useMemo(() => (hasMore ? withNewest(state.newest, listed) : (state?.newest ?? [])), [state, listed]);
  return { state, bans };
}

/** The newest ones are sent every second; the list may be older. */
function withNewest(newest: readonly Ban[], listed: readonly Ban[]): readonly Ban[] {
  const known = new Set(newest.map(({ decision }) => decision));
  return [...newest, ...listed.filter(({ decision }) => !known.has(decision))];
}
