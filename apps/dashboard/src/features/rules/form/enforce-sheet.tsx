'use client';

import { packetConditionText, type RulesError } from '@packetlog/common';
import { useState } from 'react';
import { useLive, useSnapshot } from '../../../node/live-context.tsx';
import { useRecorder } from '../../../node/recorded/use-recorder.ts';
import type { ListedRule } from '../../../node/state/rules-state.ts';
import { limitPart } from '../../../text/limit-part.ts';
import { counted, formatCount } from '../../../text/number.ts';
import { matchText } from '../../../text/rule-text.ts';
import { Sheet } from '../../../ui/sheet.tsx';
import { Rejection } from '../change/rejection.tsx';
import { type Overrides, useRuleActions } from '../change/use-rules.ts';
import { PastDryRun } from '../dry-run/past-dry-run.tsx';
import { draftOf } from './draft-of-rule.ts';

/** Enforces a limit that observes: packets over it are denied from then on. */
export function EnforceSheet({ rule, onClose }: { rule: ListedRule; onClose: () => void }) {
  const { store } = useLive();
  const { edit } = useRuleActions();
  useSnapshot(({ rules }) => rules?.interval);
  const [busy, setBusy] = useState(false);
  const [rejection, setRejection] = useState<RulesError | null>(null);
  const { packets, overPackets } = store.rules.counted(rule.id);
  const [overrides, setOverrides] = useState<Overrides>({});
  const isRecorded = useRecorder() === 'on';
  const isUntried = rejection?.code === 'untried';
  const enforce = async (more: Overrides = {}) => {
    const sent = { ...overrides, ...more };
    setOverrides(sent);
    setBusy(true);
    const error = await edit(rule.id, { enforce: true }, sent);
    setBusy(false);
    if (error === null) onClose();
    else setRejection(error);
  };
  return (
    <Sheet
      title={`Enforce limit ${rule.id}`}
      note={`${matchText(rule)}${packetConditionText(rule)}${limitPart({ ...rule, enforce: true })}`}
      onClose={onClose}
    >
      <div className="sheet-body">
        <p data-testid="enforce-counts">
          {packets === 0
            ? 'This limit has not seen a packet yet, so it is not known what it would deny.'
            : `Of ${counted(packets, 'packet')} that it saw, ${formatCount(overPackets)} were over the limit and would have been denied.`}
        </p>
        <p className="field-hint">
          Packets over the limit will be denied. The change reverts unless you confirm it within 30 s.
        </p>
        {isRecorded && <PastDryRun request={{ add: draftOf(rule) }} onDone={() => setRejection(null)} />}
        {rejection !== null && <Rejection error={rejection} force={() => void enforce({ force: true })} />}
      </div>
      <footer className="sheet-foot">
        <button type="button" className="button push" onClick={onClose}>
          Cancel
        </button>
        {isUntried && (
          <button
            type="button"
            className="button button-danger"
            title="Enforces the limit, although nothing shows what it would deny"
            disabled={busy}
            onClick={() => void enforce({ now: true })}
          >
            Enforce now
          </button>
        )}
        <button type="button" className="button button-danger" disabled={busy} onClick={() => void enforce()}>
          Enforce
        </button>
      </footer>
    </Sheet>
  );
}
