'use client';

import type { DefaultPolicy, RulesError } from '@packetlog/common';
import { useState } from 'react';
import { useRuleActions } from '../../live/use-rules.ts';
import { VerdictMark } from '../marks.tsx';
import { Segments } from '../segments.tsx';
import { Sheet } from '../sheet.tsx';
import { Refusal } from './refusal.tsx';
import { Rehearsal } from './rehearsal.tsx';

const WORDS: Record<DefaultPolicy, string> = {
  permit: 'Who no rule matches is let in. This is how it is without PacketLog.',
  deny: 'Who no permit or observe rule matches is refused: only those you have let in get through. It takes itself back after 30 s, unless you confirm it.',
};

/** What becomes of packets that no rule matches. */
export function PolicySheet({ policy, onClose }: { policy: DefaultPolicy; onClose: () => void }) {
  const actions = useRuleActions();
  const [chosen, setChosen] = useState(policy);
  const [refusal, setRefusal] = useState<RulesError | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (force = false) => {
    if (busy) return;
    setBusy(true);
    const error = chosen === policy ? null : await actions.setPolicy(chosen, force);
    setBusy(false);
    if (error === null) onClose();
    else setRefusal(error);
  };
  return (
    <Sheet title="Default policy" note="For IP packets that no rule matches" onClose={onClose}>
      <div className="sheet-body">
        <div>
          <Segments
            label="Who no rule matches is"
            segments={[
              { value: 'permit', label: <Choice verdict="permit" text="let in" /> },
              { value: 'deny', label: <Choice verdict="deny" text="refused" /> },
            ]}
            value={chosen}
            onChange={(value) => {
              setChosen(value);
              setRefusal(null);
            }}
          />
          <p className="field-hint">{WORDS[chosen]}</p>
        </div>
        {chosen !== policy && <Rehearsal asked={{ default_policy: chosen }} />}
        {refusal !== null && <Refusal error={refusal} force={() => void submit(true)} />}
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
          {chosen === 'deny' ? 'Refuse by default' : 'Let in by default'}
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
