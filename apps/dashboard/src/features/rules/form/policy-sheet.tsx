'use client';

import type { DefaultPolicy, RulesError } from '@packetlog/common';
import dynamic from 'next/dynamic';
import { useState } from 'react';
import { lazyWithRetry } from '../../../node/lazy-with-retry.ts';
import { POLICY_TEXT } from '../../../text/action-text.ts';
import { VerdictMark } from '../../../ui/marks.tsx';
import { Segments } from '../../../ui/segments.tsx';
import { Sheet } from '../../../ui/sheet.tsx';
import { Rejection } from '../change/rejection.tsx';
import { useRuleActions, useRulesView } from '../change/use-rules.ts';
import { DryRun } from '../dry-run/dry-run.tsx';
import { chosenPermits, denyLabel, dryRunRules, initialChoice } from './needed-permits-text.ts';
import { useProposals } from './use-proposals.ts';

const NeededPermits = dynamic(
  () => lazyWithRetry(() => import('./needed-permits.tsx')).then((part) => part.NeededPermits),
  { ssr: false },
);

const NONE: readonly never[] = [];

/** Selects the default policy, for packets that match no rule. Deny comes with the permit rules that are ticked. */
export function PolicySheet({ policy, onClose }: { policy: DefaultPolicy; onClose: () => void }) {
  const actions = useRuleActions();
  const view = useRulesView();
  const [chosen, setChosen] = useState(policy);
  /** Null: as proposed. */
  const [ticked, setTicked] = useState<readonly boolean[] | null>(null);
  const [rejection, setRejection] = useState<RulesError | null>(null);
  const [busy, setBusy] = useState(false);
  const isDenying = chosen === 'deny' && policy !== 'deny';
  const state = useProposals(isDenying);
  const choice = ticked ?? (state.at === 'done' ? initialChoice(state.proposals) : NONE);
  const permits = isDenying && state.at === 'done' ? chosenPermits(state.proposals, choice) : NONE;
  const isReady = chosen !== policy && !(isDenying && state.at === 'asking');
  const submit = async (force = false) => {
    if (busy) return;
    setBusy(true);
    const request = { force, ...(permits.length > 0 && { permits: [...permits] }) };
    const error = chosen === policy ? null : await actions.setPolicy(chosen, request);
    setBusy(false);
    if (error === null) onClose();
    else setRejection(error);
  };
  const rules = permits.length === 0 ? null : dryRunRules(view?.snapshot.rules ?? [], permits);
  return (
    <Sheet title="Default policy" note="For IP packets that match no rule" onClose={onClose}>
      <div className="sheet-body">
        <div>
          <Segments
            label="Packets that match no rule"
            segments={[
              { value: 'permit', label: <Choice verdict="permit" text="permit" /> },
              { value: 'deny', label: <Choice verdict="deny" text="deny" /> },
            ]}
            value={chosen}
            onChange={(value) => {
              setChosen(value);
              setTicked(null);
              setRejection(null);
            }}
          />
          <p className="field-hint">{POLICY_TEXT[chosen]}</p>
        </div>
        {isDenying && (
          <NeededPermits
            state={state}
            choice={choice}
            onToggle={(index) => setTicked(choice.map((isTicked, i) => (i === index ? !isTicked : isTicked)))}
          />
        )}
        {chosen !== policy && (
          <DryRun request={isReady ? { default_policy: chosen, ...(rules !== null && { rules }) } : null} />
        )}
        {rejection !== null && <Rejection error={rejection} force={() => void submit(true)} />}
      </div>
      <footer className="sheet-foot">
        <button type="button" className="button push" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className="button button-primary"
          data-testid="policy-submit"
          disabled={busy || !isReady}
          onClick={() => void submit()}
        >
          {chosen === 'deny' ? denyLabel(permits.length) : 'Permit by default'}
        </button>
      </footer>
    </Sheet>
  );
}

function Choice({ verdict, text }: { verdict: 'permit' | 'deny'; text: string }) {
  return (
    <>
      <VerdictMark verdict={verdict} />
      {text}
    </>
  );
}
