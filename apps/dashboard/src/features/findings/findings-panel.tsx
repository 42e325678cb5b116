'use client';

import { useId, useMemo } from 'react';
import { useSnapshot } from '../../node/live-context.tsx';
import { formatCount } from '../../text/number.ts';
import { FindingRow } from './finding-row.tsx';
import { shownFindings } from './shown-findings.ts';

const TITLE = { all: 'Findings', open: 'Findings', closed: 'Findings that are over' } as const;

/** Scans, floods and the like. Hidden while there is none. */
export function FindingsPanel({ which = 'all' }: { which?: keyof typeof TITLE }) {
  const messages = useSnapshot(({ figures }) => figures.findings);
  const now = useSnapshot(({ figures }) => Math.floor(figures.wallMs / 1000) * 1000);
  const { open, closed, untracked } = useMemo(() => shownFindings(messages), [messages]);
  const shown = { all: [...open, ...closed], open, closed }[which];
  const title = useId();
  if (shown.length === 0) return null;
  return (
    <section className="panel-findings" aria-labelledby={title} data-testid="findings">
      <h2 className="findings-title" id={title}>
        {TITLE[which]}
        {which !== 'closed' && (
          <span className="text-faint font-normal">{open.length === 0 ? 'none open' : `${open.length} open`}</span>
        )}
      </h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reachable by keyboard */}
      <ol className="findings" aria-labelledby={title} tabIndex={0}>
        {shown.map(({ key, node, finding }) => (
          <FindingRow key={key} node={node} finding={finding} now={now} />
        ))}
        {untracked > 0 && open.length > 0 && which !== 'closed' && (
          <li className="finding-note text-faint">
            {formatCount(untracked)} sources or services were not followed: a table was full.
          </li>
        )}
      </ol>
    </section>
  );
}
