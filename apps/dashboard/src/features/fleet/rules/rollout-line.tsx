import type { Rollout } from '@packetlog/common/fleet';
import { partsText, rolloutParts, rolloutText } from './rollout-text.ts';

/** How far a rollout is, as a sentence and a bar. */
export function RolloutLine({ rollout, nodes }: { rollout: Rollout; nodes: number }) {
  const parts = rolloutParts(rollout, nodes);
  return (
    <div className="rollout" data-testid="rollout" data-state={rollout.state} data-stage={rollout.stage}>
      <p className={rollout.state === 'stopped' ? 'text-deny' : ''}>{rolloutText(rollout)}</p>
      <div className="rollout-bar" aria-hidden="true">
        {parts.map(({ kind, count }) => (
          <span key={kind} data-kind={kind} style={{ flexGrow: count }} />
        ))}
      </div>
      <p className="text-small text-muted">{partsText(parts)}</p>
    </div>
  );
}
