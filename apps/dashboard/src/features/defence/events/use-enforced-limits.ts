'use client';

import type { AuditEntry } from '@packetlog/common';
import { useEffect, useState } from 'react';
import { useLive, useSnapshot } from '../../../node/live-context.tsx';
import { ALL_NODES } from '../../../node/nodes.ts';
import { useNodes } from '../../../node/use-nodes.ts';

const MAX_ENTRIES = 200;
const NONE: readonly AuditEntry[] = [];

/** Returns the newest entries of the audit, where a limit is enforced. */
export function useEnforcedLimits(): readonly AuditEntry[] {
  const { ask } = useLive();
  const isOneNode = useNodes().shown !== ALL_NODES;
  // The ids, so that other changes of the rules do not ask again.
  const enforced = useSnapshot(({ rules }) =>
    (rules?.snapshot.rules ?? []).flatMap(({ id, enforce }) => (enforce === true ? [id] : [])).join(),
  );
  const [entries, setEntries] = useState(NONE);
  const isWanted = isOneNode && enforced !== '';
  useEffect(() => {
    if (!isWanted) return;
    let isOver = false;
    void ask('audit', { limit: MAX_ENTRIES }).then((answer) => {
      if (!isOver && answer.ok) setEntries(answer.value.entries);
    });
    return () => {
      isOver = true;
    };
  }, [ask, isWanted, enforced]);
  return isWanted ? entries : NONE;
}
