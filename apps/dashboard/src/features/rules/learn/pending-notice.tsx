'use client';

import { useSnapshot } from '../../../node/live-context.tsx';
import { asSentence } from '../../../text/sentence.ts';
import { useRuleActions } from '../change/use-rules.ts';

/** Offers to confirm a risky change: the banner of the page is behind the sheet. */
export function PendingNotice() {
  const pending = useSnapshot(({ rules }) => rules?.snapshot.pending);
  const seconds = useSnapshot(({ figures, rules }) =>
    Math.max(0, Math.ceil(((rules?.snapshot.pending?.until_ms ?? 0) - figures.wallMs) / 1000)),
  );
  const { confirm, revert } = useRuleActions();
  if (pending === undefined) return null;
  return (
    <section className="learn-pending" aria-label="Confirm the change" data-testid="learn-pending">
      <p>
        <span role="status">{asSentence(pending.why)}</span> It reverts in {seconds} s unless you confirm it.
      </p>
      <div className="learn-pending-actions">
        <button type="button" className="button" onClick={() => void revert()}>
          Revert now
        </button>
        <button type="button" className="button button-primary" onClick={() => void confirm()}>
          Confirm
        </button>
      </div>
    </section>
  );
}
