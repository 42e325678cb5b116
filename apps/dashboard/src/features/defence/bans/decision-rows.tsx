'use client';

import type { Decision } from '@packetlog/common';
import { type ReactNode, useState } from 'react';
import { useSnapshot } from '../../../node/live-context.tsx';
import { momentText } from '../../../text/calendar-text.ts';
import { formatCount } from '../../../text/number.ts';
import { VerdictMark } from '../../../ui/marks.tsx';
import { DECISION_TEXT } from './decision-text.ts';
import './decision-rows.css';

const FIRST = 10;

export interface DecisionLine {
  readonly decision: Decision;
  /** The time that is shown. */
  readonly atMs: number;
  readonly text: ReactNode;
}

/** Decisions, one per row, each with its explanation: the first ten, or all. `why` names the button of a row. */
export function DecisionRows({
  lines,
  label,
  testId,
  why,
  onWhy,
}: {
  lines: readonly DecisionLine[];
  label: string;
  testId: string;
  why: (source: string) => string;
  onWhy: (decision: number) => void;
}) {
  const minute = useSnapshot(({ figures }) => Math.floor(figures.wallMs / 60_000) * 60_000);
  const [isLong, setLong] = useState(false);
  return (
    <>
      <ol className="decisions" aria-label={label} data-testid={`${testId}s`}>
        {lines.slice(0, isLong ? lines.length : FIRST).map(({ decision: { id, kind, source }, atMs, text }) => (
          <li key={id} data-testid={testId} data-kind={kind}>
            <span className="decision-mark">
              <VerdictMark verdict={DECISION_TEXT[kind].verdict} />
            </span>
            <p>
              <span className="font-mono">{source}</span>: {text}
            </p>
            <time className="font-mono text-faint" dateTime={new Date(atMs).toISOString()}>
              {momentText(atMs, minute)}
            </time>
            <button
              type="button"
              className="button"
              aria-label={why(source)}
              aria-haspopup="dialog"
              onClick={() => onWhy(id)}
            >
              Why
            </button>
          </li>
        ))}
      </ol>
      {lines.length > FIRST && (
        <button type="button" className="link-button" aria-expanded={isLong} onClick={() => setLong(!isLong)}>
          {isLong ? `Show only ${FIRST}` : `Show all ${formatCount(lines.length)}`}
        </button>
      )}
    </>
  );
}
