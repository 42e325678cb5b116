'use client';

import { spanText } from '../../../text/clock.ts';
import { counted } from '../../../text/number.ts';
import { Sheet } from '../../../ui/sheet.tsx';
import { useUndoBans } from './use-undo-bans.ts';

/** Asks before it ends all bans of the last minutes. */
export function UndoRecentSheet({ count, lastMs, onClose }: { count: number; lastMs: number; onClose: () => void }) {
  const undo = useUndoBans();
  const submit = () => {
    void undo({ last_ms: lastMs });
    onClose();
  };
  return (
    <Sheet title={`Undo all bans of the last ${spanText(lastMs)}?`} onClose={onClose}>
      <div className="sheet-body">
        <p>{count === 1 ? '1 ban ends' : `${counted(count, 'ban')} end`} at once.</p>
        <p className="field-hint">
          The limits stay enforced, so a source that is over again is banned again. Observe with the limit first if it
          bans the wrong sources.
        </p>
      </div>
      <footer className="sheet-foot">
        <button type="button" className="button push" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="button button-danger" data-autofocus onClick={submit}>
          Undo all
        </button>
      </footer>
    </Sheet>
  );
}
