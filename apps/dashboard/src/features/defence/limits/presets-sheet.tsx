'use client';

import type { ListedRule } from '../../../node/state/rules-state.ts';
import { Sheet } from '../../../ui/sheet.tsx';
import { Presets } from './presets.tsx';

/** The presets, where there are limits already. */
export function PresetsSheet({ limits, onClose }: { limits: readonly ListedRule[]; onClose: () => void }) {
  return (
    <Sheet title="Presets" note="Limits for common attacks. They observe until you enforce them." onClose={onClose}>
      <div className="sheet-body">
        <Presets limits={limits} />
      </div>
      <footer className="sheet-foot">
        <button type="button" className="button push" onClick={onClose}>
          Close
        </button>
      </footer>
    </Sheet>
  );
}
