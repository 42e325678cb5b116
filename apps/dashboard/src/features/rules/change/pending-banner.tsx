'use client';

import { clsx } from 'clsx';
import { useSnapshot } from '../../../node/live-context.tsx';
import { asSentence } from '../../../text/sentence.ts';
import { useMayChange, useRuleActions } from './use-rules.ts';
import './pending-banner.css';

/** Counts down until a change reverts unless it is confirmed. On every page. */
export function PendingBanner() {
  const pending = useSnapshot(({ rules }) => rules?.snapshot.pending);
  const seconds = useSnapshot(({ figures, rules }) =>
    Math.max(0, Math.ceil(((rules?.snapshot.pending?.until_ms ?? 0) - figures.wallMs) / 1000)),
  );
  const mayChange = useMayChange();
  const { confirm, revert } = useRuleActions();
  if (pending === undefined) return null;
  return (
    <section className="pending appear" aria-label="Pending change" data-testid="pending">
      <span
        className={clsx('pending-clock', seconds <= 10 && 'pending-soon')}
        data-testid="pending-seconds"
        data-value={seconds}
      >
        {seconds}
        <span className="unit">s</span>
      </span>
      <div className="min-w-0">
        <p role="status">{asSentence(pending.why)}</p>
        <p className="text-muted">
          {seconds > 0
            ? 'Pending change: it is in force, and reverts when the time is up, even if you lose access.'
            : 'The time is up: the change reverts.'}
          {!mayChange && ' This connection is read-only and cannot confirm the change.'}
        </p>
      </div>
      {mayChange && (
        <div className="pending-actions">
          <button type="button" className="button" onClick={() => void revert()}>
            Revert now
          </button>
          <button type="button" className="button button-primary" onClick={() => void confirm()}>
            Confirm
          </button>
        </div>
      )}
    </section>
  );
}
