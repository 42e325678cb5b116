import { Plus } from 'lucide-react';
import type { FilledFields } from '../../rules/index.ts';

/** Shown while there are no limits: what a limit is. `onAdd`: absent for a read-only connection. */
export function FirstLimit({ onAdd }: { onAdd?: (filled?: FilledFields) => void }) {
  return (
    <div className="defence-empty">
      <p className="defence-lead">No limits yet.</p>
      <p className="text-muted">
        A limit counts the packets of each source. At first it observes: packets over the rate are permitted and marked,
        so you can see which sources it would hit. Once you enforce it, they are denied. A source that keeps to the rate
        is never hit.
      </p>
      {onAdd !== undefined && (
        <button type="button" className="button button-primary" data-testid="add-limit" onClick={() => onAdd()}>
          <Plus size={13} aria-hidden="true" />
          <span>Add limit</span>
        </button>
      )}
    </div>
  );
}
