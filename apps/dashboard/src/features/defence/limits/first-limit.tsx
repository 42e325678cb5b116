import { Plus } from 'lucide-react';
import { Presets } from './presets.tsx';

/** Shown while there are no limits: what a limit is, and presets. `onAdd`: absent for a read-only connection. */
export function FirstLimit({ onAdd }: { onAdd?: () => void }) {
  return (
    <div className="defence-empty">
      <p className="defence-lead">No limits yet.</p>
      <p className="text-muted">
        A limit counts the packets of each source. At first it observes: packets over the rate are permitted and marked,
        so you can see which sources it would hit. Once you enforce it, they are denied. A source that keeps to the rate
        is never hit. These are for common attacks:
      </p>
      <Presets limits={[]} />
      {onAdd !== undefined && (
        <button type="button" className="button button-primary" data-testid="add-limit" onClick={onAdd}>
          <Plus size={13} aria-hidden="true" />
          <span>Add limit</span>
        </button>
      )}
    </div>
  );
}
