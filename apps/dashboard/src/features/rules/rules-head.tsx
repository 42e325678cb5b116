'use client';

import type { RulesSnapshot } from '@packetlog/common';
import { Plus, Redo2, Undo2, Upload } from 'lucide-react';
import type { ReactNode } from 'react';
import { useSnapshot } from '../../node/live-context.tsx';
import { ledgerSum } from '../../node/state/ledger-sum.ts';
import { clockText } from '../../text/clock.ts';
import { formatCompact } from '../../text/number.ts';
import { Count, Measure } from '../../ui/count.tsx';
import { VerdictMark } from '../../ui/marks.tsx';
import { authorText } from './change/audit-text.ts';
import { ReadOnlyNote } from './change/read-only-note.tsx';
import { useMayChange } from './change/use-rules.ts';
import { useUndo } from './change/use-undo.ts';

/** Default policy, totals, whether the rules are in force, and the main actions. */
export function RulesHead({
  snapshot,
  onAdd,
  onImport,
  onPolicy,
}: {
  snapshot: RulesSnapshot;
  onAdd: () => void;
  onImport: () => void;
  onPolicy: () => void;
}) {
  const { default_policy, enforcing, pinned } = snapshot;
  const mayChange = useMayChange();
  const rates = useSnapshot(({ figures }) => figures.rates);
  const denied = useSnapshot(({ figures }) => figures.ledger && ledgerSum(figures.ledger, 'denied'));
  const state = enforcing
    ? { text: 'in force', note: pinned ? 'also after packetlog stops' : 'until packetlog stops' }
    : { text: 'not in force', note: whyNotInForce(snapshot) };
  return (
    <header className="rules-head">
      <h2 className="sr-only">Rules</h2>
      <div className="rules-facts">
        <Fact label="default policy">
          <span className="flex items-center gap-2">
            <VerdictMark verdict={default_policy} />
            <span className={default_policy === 'deny' ? 'text-deny' : ''} data-testid="default-policy">
              {default_policy}
            </span>
            {mayChange && (
              <button type="button" className="link-button" onClick={onPolicy}>
                change
              </button>
            )}
          </span>
        </Fact>
        <Fact label="denied, last second">
          {rates === null ? '—' : <Measure quantity={formatCompact(rates.deny)} exact={rates.deny} per="pkt/s" />}
        </Fact>
        <Fact label="denied since loader start">
          <Count value={denied ?? 0} />
        </Fact>
        <Fact label="status">
          <span className={enforcing ? '' : 'text-warn'}>{state.text}</span>
          <span className="unit rules-fact-note">{state.note}</span>
        </Fact>
      </div>
      {mayChange ? (
        <div className="rules-actions">
          <UndoButtons />
          <button type="button" className="button" onClick={onImport}>
            <Upload size={13} aria-hidden="true" />
            <span>Import…</span>
          </button>
          <button type="button" className="button button-primary" data-testid="add-rule" onClick={onAdd}>
            <Plus size={13} aria-hidden="true" />
            <span>Add rule</span>
          </button>
        </div>
      ) : (
        <ReadOnlyNote />
      )}
    </header>
  );
}

function whyNotInForce({ rules, in_force }: RulesSnapshot): string {
  if (in_force?.is_current === false) return 'the kernel has other rules';
  return rules.length === 0 ? 'no rules yet' : 'this loader only observes';
}

/** Undo and Redo, labelled with the change they apply to. */
function UndoButtons() {
  const { last, undone, undo, redo } = useUndo();
  return (
    <>
      {last !== undefined && (
        <button
          type="button"
          className="button rules-undo"
          data-testid="undo"
          aria-keyshortcuts="u"
          title={`Undo: ${last.what}. Changed by ${authorText(last.who)}, at ${clockText(last.at_ms)} (u)`}
          onClick={undo}
        >
          <Undo2 size={13} aria-hidden="true" />
          <span>Undo: {last.what}</span>
        </button>
      )}
      {undone !== undefined && (
        <button
          type="button"
          className="button rules-undo"
          data-testid="redo"
          aria-keyshortcuts="Shift+U"
          title={`Redo: ${undone.what}. Undone by ${authorText(undone.who)}, at ${clockText(undone.at_ms)} (Shift U)`}
          onClick={redo}
        >
          <Redo2 size={13} aria-hidden="true" />
          <span>Redo: {undone.what}</span>
        </button>
      )}
    </>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="rules-fact">
      <p className="rules-fact-label">{label}</p>
      <div>{children}</div>
    </div>
  );
}
