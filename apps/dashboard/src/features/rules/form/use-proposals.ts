'use client';

import type { PermitProposals } from '@packetlog/common';
import { useEffect, useState } from 'react';
import { useLive } from '../../../node/live-context.tsx';

export type ProposalsState =
  | { readonly at: 'asking' }
  | { readonly at: 'done'; readonly proposals: PermitProposals }
  | { readonly at: 'rejected'; readonly message: string };

/** Asks which permit rules the default policy deny needs, once it `isWanted`. */
export function useProposals(isWanted: boolean): ProposalsState {
  const { ask } = useLive();
  const [state, setState] = useState<ProposalsState>({ at: 'asking' });
  useEffect(() => {
    if (!isWanted) return;
    let isOpen = true;
    setState({ at: 'asking' });
    void ask('propose_permits', {}).then((answer) => {
      if (!isOpen) return;
      setState(answer.ok ? { at: 'done', proposals: answer.value } : { at: 'rejected', message: answer.error.message });
    });
    return () => {
      isOpen = false;
    };
  }, [ask, isWanted]);
  return state;
}
