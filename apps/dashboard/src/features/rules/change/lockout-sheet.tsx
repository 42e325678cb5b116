'use client';

import type { RulesError } from '@packetlog/common';
import { useState } from 'react';
import { Sheet } from '../../../ui/sheet.tsx';
import { Rejection } from './rejection.tsx';
import { useRuleActions } from './use-rules.ts';

/** Shown when the lockout guard rejected the removal of a rule: without a permit rule, an operator may lose access. */
export function LockoutSheet({ id, error: first, onClose }: { id: number; error: RulesError; onClose: () => void }) {
  const { remove } = useRuleActions();
  const [error, setError] = useState(first);
  const force = async () => {
    const again = await remove([id], true);
    if (again === null) onClose();
    else setError(again);
  };
  return (
    <Sheet title={`Rule ${id} was not removed`} onClose={onClose}>
      <div className="sheet-body">
        <Rejection error={error} force={() => void force()} />
      </div>
      <footer className="sheet-foot">
        <button type="button" className="button push" onClick={onClose}>
          Keep the rule
        </button>
      </footer>
    </Sheet>
  );
}
