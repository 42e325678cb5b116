'use client';

import { type Bans, type Decision, decisionText } from '@packetlog/common';
import { useState } from 'react';
import { useSnapshot } from '../../../node/live-context.tsx';
import { momentText } from '../../../text/calendar-text.ts';
import { formatCount } from '../../../text/number.ts';
import { asSentence } from '../../../text/sentence.ts';
import { VerdictMark } from '../../../ui/marks.tsx';
import { Section } from '../frame/section.tsx';
import { DECISION_TEXT } from './decision-text.ts';
import './decision-list.css';

const FIRST = 10;

/** Decisions that did not ban: the limit observes, or a guard objected. */
export function DecisionList({
  decisions,
  problem,
  decided,
  onWhy,
}: {
  decisions: readonly Decision[];
  problem: string;
  decided: Bans['decided'] | undefined;
  onWhy: (decision: number) => void;
}) {
  const minute = useSnapshot(({ figures }) => Math.floor(figures.wallMs / 60_000) * 60_000);
  const [isLong, setLong] = useState(false);
  const shown = decisions.filter(({ kind }) => kind !== 'ban');
  const [would, not] = [decided?.would_ban ?? 0, decided?.not_banned ?? 0];
  const note =
    would + not === 0 ? '' : `${formatCount(not)} not banned, ${formatCount(would)} would ban since the start`;
  return (
    <Section title="Not banned" note={note}>
      {shown.length === 0 ? (
        <div className="defence-empty">
          <p className="defence-lead">None yet.</p>
          <p className="text-muted">
            {problem === ''
              ? 'Before a ban, guards are asked: permit rules, the protect list, operators, gateways, other connections of the source. A source that a guard keeps from being banned, or that an observing limit would ban, is listed here with the reason.'
              : asSentence(problem)}
          </p>
        </div>
      ) : (
        <ol className="decisions" aria-label="Decisions that did not ban" data-testid="decisions">
          {shown.slice(0, isLong ? shown.length : FIRST).map((decision) => (
            <li key={decision.id} data-testid="decision" data-kind={decision.kind}>
              <span className="decision-mark">
                <VerdictMark verdict={DECISION_TEXT[decision.kind].verdict} />
              </span>
              <p>
                <span className="font-mono">{decision.source}</span>: {decisionText(decision)}.
              </p>
              <time className="font-mono text-faint" dateTime={new Date(decision.at_ms).toISOString()}>
                {momentText(decision.at_ms, minute)}
              </time>
              <button
                type="button"
                className="button"
                aria-label={`Why was ${decision.source} not banned?`}
                aria-haspopup="dialog"
                onClick={() => onWhy(decision.id)}
              >
                Why
              </button>
            </li>
          ))}
        </ol>
      )}
      {shown.length > FIRST && (
        <button type="button" className="link-button" aria-expanded={isLong} onClick={() => setLong(!isLong)}>
          {isLong ? `Show only ${FIRST}` : `Show all ${formatCount(shown.length)}`}
        </button>
      )}
    </Section>
  );
}
