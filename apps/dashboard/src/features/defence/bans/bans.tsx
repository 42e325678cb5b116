'use client';

import { type Ban, ordinal } from '@packetlog/common';
import { useState } from 'react';
import { useSnapshot } from '../../../node/live-context.tsx';
import { momentText } from '../../../text/calendar-text.ts';
import { agoText, spanText } from '../../../text/clock.ts';
import { counted, formatCompact, formatCount, quantityText } from '../../../text/number.ts';
import { ruleAddress } from '../../../text/rule-address.ts';
import { PageLink } from '../../../ui/page-link.tsx';
import { useMayChange } from '../../rules/index.ts';
import { Section } from '../frame/section.tsx';
import { UndoRecentSheet } from './undo-recent-sheet.tsx';
import type { BansInForce } from './use-bans.ts';
import { useUndoBans } from './use-undo-bans.ts';
import './bans.css';

/** What *undo all* ends: bans that began within this time. */
const RECENT_MS = 600_000;

/** The bans in force, with their ends. `onWhy`: shows a decision. */
export function BansSection({
  inForce: { state, bans },
  onWhy,
}: {
  inForce: BansInForce;
  onWhy: (decision: number) => void;
}) {
  const mayChange = useMayChange();
  const now = useSnapshot(({ figures }) => Math.floor(figures.wallMs / 1000) * 1000);
  const [isUndoing, setUndoing] = useState(false);
  const active = state?.active ?? 0;
  const recent = bans.filter(({ began_at_ms }) => began_at_ms > now - RECENT_MS).length;
  return (
    <Section
      title="Bans"
      note={active === 0 ? '' : `${formatCount(active)} in force, at most ${formatCount(state?.max_active ?? 0)}`}
      {...(mayChange &&
        recent > 0 && {
          tools: (
            <button type="button" className="button" aria-haspopup="dialog" onClick={() => setUndoing(true)}>
              Undo all of the last 10 min…
            </button>
          ),
        })}
    >
      {active === 0 ? (
        <div className="defence-empty">
          <p className="defence-lead">No source is banned.</p>
          <p className="text-muted">
            A ban denies all packets of a source for a time. Only a limit that says so bans (<em>then</em>{' '}
            <code className="font-mono">ban:1h..24h</code>), only once it is enforced, and only a source whose
            connections the kernel verified: a forged source is never banned. Each ban has an end, and can be undone.
          </p>
        </div>
      ) : (
        <table className="bans">
          <caption className="sr-only">Bans in force, newest first</caption>
          <thead>
            <tr>
              <th scope="col">source</th>
              <th scope="col">limit</th>
              <th scope="col">since</th>
              <th scope="col">ends</th>
              <th scope="col">ban</th>
              <th scope="col">denied</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {bans.map((ban) => (
              <BanLine key={ban.decision} ban={ban} now={now} mayChange={mayChange} onWhy={onWhy} />
            ))}
          </tbody>
        </table>
      )}
      {bans.length < active && (
        <p className="text-muted">
          The newest {formatCount(bans.length)} of {formatCount(active)} are listed;{' '}
          <code className="font-mono">packetlog bans export</code> has all.
        </p>
      )}
      {isUndoing && <UndoRecentSheet count={recent} lastMs={RECENT_MS} onClose={() => setUndoing(false)} />}
    </Section>
  );
}

function BanLine({
  ban,
  now,
  mayChange,
  onWhy,
}: {
  ban: Ban;
  now: number;
  mayChange: boolean;
  onWhy: (decision: number) => void;
}) {
  const undo = useUndoBans();
  const { decision, source, limit_rule, began_at_ms, ends_at_ms, strike, packets } = ban;
  return (
    <tr data-testid="ban" data-decision={decision} data-source={source}>
      <th scope="row" className="font-mono">
        {source}
      </th>
      <td data-label="limit">
        <PageLink href={ruleAddress(limit_rule)} className="text-link font-mono" aria-label={`Limit ${limit_rule}`}>
          {limit_rule}
        </PageLink>
      </td>
      <td data-label="since" title={momentText(began_at_ms, now)}>
        {agoText(now - began_at_ms)}
      </td>
      <td data-label="ends">
        <span>
          in {spanText(Math.max(0, ends_at_ms - now))} <span className="text-faint">{momentText(ends_at_ms, now)}</span>
        </span>
      </td>
      <td data-label="ban" title="Bans of this source within 7 days">
        {ordinal(strike)} in 7 days
      </td>
      <td data-label="denied" title={`${counted(packets, 'packet')} denied`} data-value={packets}>
        <span className="font-mono">{quantityText(formatCompact(packets))}</span>
      </td>
      <td className="ban-tools">
        <button
          type="button"
          className="button"
          aria-label={`Why is ${source} banned?`}
          aria-haspopup="dialog"
          onClick={() => onWhy(decision)}
        >
          Why
        </button>
        {mayChange && (
          <>
            <button
              type="button"
              className="button"
              aria-label={`Undo the ban of ${source}`}
              onClick={() => void undo({ id: decision })}
            >
              Undo
            </button>
            <button
              type="button"
              className="button"
              aria-label={`Undo and permit ${source}`}
              title="Adds a permit rule, so that it is not banned again"
              onClick={() => void undo({ id: decision, never: true })}
            >
              Undo and permit
            </button>
          </>
        )}
      </td>
    </tr>
  );
}
