'use client';

import { useMemo } from 'react';
import { useLive, useSnapshot } from '../../node/live-context.tsx';
import { useRulesView } from '../rules/index.ts';
import { type PathStep, packetPath } from './packet-path.ts';

/** Returns the packet path so far; null until the first ledger. */
export function usePacketPath(): PathStep[] | null {
  const { store } = useLive();
  const ledger = useSnapshot(({ figures }) => figures.ledger);
  const loss = useSnapshot(({ figures }) => figures.loss);
  const sampledOneOf = useSnapshot(({ figures }) => figures.sampledOneOf);
  const rowLimit = useSnapshot(({ figures }) => figures.rowLimit);
  const badMessages = useSnapshot(({ figures }) => figures.badMessages);
  const rules = useRulesView();
  return useMemo(
    () =>
      ledger === null
        ? null
        : packetPath({ ledger, loss, sampledOneOf, rowLimit, badMessages, wouldDeny: store.rules.observed }),
    // `store.rules` is one object; `rules` changes with each update of it.
    [ledger, loss, sampledOneOf, rowLimit, badMessages, rules, store],
  );
}
