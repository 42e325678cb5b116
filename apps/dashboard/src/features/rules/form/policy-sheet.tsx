'use client';

import type { DefaultPolicy, RulesError } from '@packetlog/common';
import { useState } from 'react';
import { POLICY_TEXT } from '../../../text/action-text.ts';
import { VerdictMark } from '../../../ui/marks.tsx';
import { Segments } from '../../../ui/segments.tsx';
import { Sheet } from '../../../ui/sheet.tsx';
import { Rejection } from '../change/rejection.tsx';
import { useRuleActions } from '../change/use-rules.ts';
import { DryRun } from '../dry-run/dry-run.tsx';

/** Selects the default policy, for packets that match no rule. */
export function PolicySheet({ policy, onClose }: { policy: DefaultPolicy; onClose: () => void }) {
  const actions = useRuleActions();
  const [chosen, setChosen] = useState(policy);
  const [rejection, setRejection] = useState<RulesError | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (force = false) => {
    if (busy) return;
    setBusy(true);
    const error = chosen === policy ? null : await actions.setPolicy(chosen, force);
    setBusy(false);
    if (error === null) onClose();
    else setRejection(error);
  };
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
              setRejection(null);
            }}
          />
          <p className="field-hint">{POLICY_TEXT[chosen]}</p>
        </div>
        {chosen !== policy && <DryRun request={{ default_policy: chosen }} />}
        {rejection !== null && <Rejection error={rejection} force={() => void submit(true)} />}
      </div>
      <footer className="sheet-foot">
        <button type="button" className="button push" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className="button button-primary"
          disabled={busy || chosen === policy}
          onClick={() => void submit()}
        >
          {chosen === 'deny' ? 'Deny by default' : 'Permit by default'}
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
