'use client';

import type { PermitProposals, ProposedPermit } from '@packetlog/common';
import { type ReactNode, useId } from 'react';
import { matchText } from '../../../text/rule-text.ts';
import { listeningText, peerText, stoppingText } from './needed-permits-text.ts';
import type { ProposalsState } from './use-proposals.ts';
import './needed-permits.css';

/**
 * Warns of what the default policy deny denies on this machine, and offers the permit rules that it needs. `choice`: which
 * rules are ticked.
 */
export function NeededPermits({
  state,
  choice,
  onToggle,
}: {
  state: ProposalsState;
  choice: readonly boolean[];
  onToggle: (index: number) => void;
}) {
  if (state.at === 'asking') {
    return (
      <p className="text-muted" role="status">
        Looking up which permit rules this machine needs …
      </p>
    );
  }
  if (state.at === 'rejected') {
    return (
      <p className="text-warn" role="alert">
        The permit rules that this machine needs are not known: {state.message}
      </p>
    );
  }
  const { proposals } = state;
  const [policy, ...others] = proposals.warnings;
  return (
    <section className="needed-permits" aria-label="What this machine needs" data-testid="needed-permits">
      <p className="text-warn">{policy}</p>
      {others.map((warning) => (
        <p key={warning} className="text-muted">
          {warning}
        </p>
      ))}
      {proposals.rules.length === 0 ? (
        <p>The rules in force permit what this machine needs.</p>
      ) : (
        <fieldset className="needed-rules">
          <legend className="field-label">Permit rules to add in the same change</legend>
          {proposals.rules.map((each, index) => (
            <PermitChoice
              key={matchText(each.rule)}
              permit={each}
              isTicked={choice[index] ?? false}
              onToggle={() => onToggle(index)}
            >
              {each.is_wide && <WideNote proposals={proposals} />}
            </PermitChoice>
          ))}
        </fieldset>
      )}
    </section>
  );
}

function PermitChoice({
  permit: { rule, is_wide },
  isTicked,
  onToggle,
  children,
}: {
  permit: ProposedPermit;
  isTicked: boolean;
  onToggle: () => void;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <div className="needed-rule" data-testid="needed-rule" data-wide={is_wide}>
      <input type="checkbox" id={id} checked={isTicked} onChange={onToggle} />
      <div className="min-w-0">
        <label htmlFor={id}>
          <span className="font-mono">{matchText(rule)}</span>
          {is_wide && <span className="needed-wide">wide</span>}
          <span className="needed-reason">{rule.reason}</span>
        </label>
        {children}
      </div>
    </div>
  );
}

/** What the wide rule opens, and what stops without it. */
function WideNote({ proposals: { wide_listeners, stopping } }: { proposals: PermitProposals }) {
  return (
    <div className="needed-note">
      <p>{listeningText(wide_listeners)}</p>
      {stopping.total > 0 && (
        <>
          <p>{stoppingText(stopping)}</p>
          <ul>
            {stopping.examples.map((peer) => (
              <li key={peerText(peer)}>{peerText(peer)}</li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
