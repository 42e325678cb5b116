'use client';

import { type Bans, type Decision, decisionText } from '@packetlog/common';
import { formatCount } from '../../../text/number.ts';
import { asSentence } from '../../../text/sentence.ts';
import { Section } from '../frame/section.tsx';
import { DecisionRows } from './decision-rows.tsx';

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
        <DecisionRows
          lines={shown.map((decision) => ({ decision, atMs: decision.at_ms, text: `${decisionText(decision)}.` }))}
          label="Decisions that did not ban"
          testId="decision"
          why={(source) => `Why was ${source} not banned?`}
          onWhy={onWhy}
        />
      )}
    </Section>
  );
}
