'use client';

import { type Ban, type Decision, MAX_DECISIONS_AT_ONCE } from '@packetlog/common';
import { useMemo } from 'react';
import { useSnapshot } from '../../../node/live-context.tsx';
import { formatCount } from '../../../text/number.ts';
import { Section } from '../frame/section.tsx';
import { DecisionRows } from './decision-rows.tsx';
import { decisionSentence } from './decision-text.ts';
import { endedBans } from './ended-bans.ts';

/** Bans that expired or were undone, the last one first, and why each ended. Nothing while there is none. */
export function EndedBansList({
  decisions,
  bans,
  undone,
  onWhy,
}: {
  decisions: readonly Decision[];
  /** Those in force. */
  bans: readonly Ban[];
  /** Number of bans undone since the start of the loader. */
  undone: number;
  onWhy: (decision: number) => void;
}) {
  const now = useSnapshot(({ figures }) => Math.floor(figures.wallMs / 1000) * 1000);
  const ended = useMemo(
    () => endedBans(decisions, new Set(bans.map(({ decision }) => decision)), now),
    [decisions, bans, now],
  );
  const isFull = decisions.length >= MAX_DECISIONS_AT_ONCE;
  if (ended.length === 0 && !isFull) return null;
  return (
    <Section title="Ended bans" note={undone === 0 ? '' : `${formatCount(undone)} undone since the start`}>
      <DecisionRows
        lines={ended.map(({ decision, endedMs, why }) => ({
          decision,
          atMs: endedMs,
          text: (
            <>
              {why}. <span className="text-muted">{decisionSentence(decision)}</span>
            </>
          ),
        }))}
        label="Bans that ended, the last one first"
        testId="ended-ban"
        why={(source) => `Why was ${source} banned?`}
        onWhy={onWhy}
      />
      {isFull && (
        <p className="text-muted">
          Of the newest {formatCount(decisions.length)} decisions;{' '}
          <code className="font-mono">packetlog bans why ADDRESS</code> has all about a source of the last 90 days.
        </p>
      )}
    </Section>
  );
}
