'use client';

import { useEffect, useState } from 'react';
import { BansSection } from './bans.tsx';
import { DecisionList } from './decision-list.tsx';
import { DecisionSheet } from './decision-sheet.tsx';
import { EndedBansList } from './ended-bans-list.tsx';
import { useBans } from './use-bans.ts';
import { useDecisions } from './use-decisions.ts';

/** The bans in force, those that ended, and the decisions that did not ban, each with its explanation. */
export function BansAndDecisions() {
  const inForce = useBans();
  const { state, bans } = inForce;
  const { decisions, problem } = useDecisions(state?.undone ?? 0);
  const [open, setOpen] = useState<number | null>(null);
  useLinkedDecision(setOpen);
  return (
    <>
      <BansSection inForce={inForce} onWhy={setOpen} />
      <EndedBansList decisions={decisions} bans={bans} undone={state?.undone ?? 0} onWhy={setOpen} />
      <DecisionList decisions={decisions} problem={problem} decided={state?.decided} onWhy={setOpen} />
      {open !== null && (
        <DecisionSheet
          key={open}
          id={open}
          known={decisions.find(({ id }) => id === open)}
          isInForce={bans.some(({ decision }) => decision === open)}
          onClose={() => setOpen(null)}
        />
      )}
    </>
  );
}

/** Opens the decision in `/defence?decision=12`, once, and removes the query from the address. */
function useLinkedDecision(show: (id: number) => void) {
  useEffect(() => {
    const id = Number(new URLSearchParams(location.search).get('decision'));
    if (!Number.isInteger(id) || id <= 0) return;
    history.replaceState(history.state, '', location.pathname + location.hash);
    show(id);
  }, []);
}
