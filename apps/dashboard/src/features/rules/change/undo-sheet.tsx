'use client';

import type { RulesStep } from '@packetlog/common';
import { useState } from 'react';
import { clockText } from '../../../text/clock.ts';
import { Sheet } from '../../../ui/sheet.tsx';
import { authorText } from './audit-text.ts';
import { useUndo } from './use-undo.ts';

/** Asks for confirmation before undoing a change that was made elsewhere. */
export function UndoSheet({ onClose }: { onClose: () => void }) {
  const { last, undoStep } = useUndo();
  return <StepSheet initial={last} verb="Undo" about="was made" act={undoStep} onClose={onClose} />;
}

/** Asks for confirmation before redoing a change that was undone elsewhere. */
export function RedoSheet({ onClose }: { onClose: () => void }) {
  const { undone, redoStep } = useUndo();
  return <StepSheet initial={undone} verb="Redo" about="was undone" act={redoStep} onClose={onClose} />;
}

function StepSheet({
  initial,
  verb,
  about,
  act,
  onClose,
}: {
  initial: RulesStep | undefined;
  verb: 'Undo' | 'Redo';
  about: string;
  act: (step: RulesStep) => Promise<void>;
  onClose: () => void;
}) {
  // The change at the time of opening: it must not change under the pointer.
  const [step] = useState(initial);
  const [busy, setBusy] = useState(false);
  const submit = async () => {
    if (step === undefined) return;
    setBusy(true);
    await act(step);
    onClose();
  };
  return (
    <Sheet title={`${verb} a change that ${about} elsewhere?`} onClose={onClose}>
      <div className="sheet-body" data-testid="undo-sheet">
        {step === undefined ? (
          <p>There is nothing to {verb.toLowerCase()}.</p>
        ) : (
          <>
            <p className="font-mono break-words">{step.what}</p>
            <p className="text-muted">
              It {about} by {authorText(step.who)}, at {clockText(step.at_ms)} local time.
            </p>
          </>
        )}
      </div>
      <footer className="sheet-foot">
        <button type="button" className="button push" onClick={onClose} data-autofocus>
          Cancel
        </button>
        {step !== undefined && (
          <button
            type="button"
            className="button button-primary"
            data-testid="undo-submit"
            disabled={busy}
            onClick={() => void submit()}
          >
            {verb}
          </button>
        )}
      </footer>
    </Sheet>
  );
}
