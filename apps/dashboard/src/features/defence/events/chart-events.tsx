'use client';

import { useMemo } from 'react';
import { useSnapshot } from '../../../node/live-context.tsx';
import type { TimeSpan } from '../../../node/past/past.ts';
import { defenceEvents, type EventKind, eventMarks, eventsText, markTitle } from './event-marks.ts';
import { useEnforcedLimits } from './use-enforced-limits.ts';
import './chart-events.css';

/** Each kind has its own shape, which the colour repeats. */
const SHAPE: Readonly<Record<EventKind, string>> = {
  ban: 'M0 0h8v8H0z',
  finding: 'M4 .5 7.8 7.7H.2z',
  limit: 'M0 0h8v2.5H0zM3.25 2.5h1.5V8h-1.5z',
};

/** Marks at the top of the chart for bans, findings and limits that were enforced. */
export function ChartEvents({ axis }: { axis: TimeSpan }) {
  const bans = useSnapshot(({ figures }) => figures.bans);
  const decisions = useSnapshot(({ figures }) => figures.decisions);
  const findings = useSnapshot(({ figures }) => figures.findings);
  const entries = useEnforcedLimits();
  const events = useMemo(
    () => defenceEvents({ bans, decisions, findings, entries }),
    [bans, decisions, findings, entries],
  );
  const marks = eventMarks(events, axis);
  if (marks.length === 0) return null;
  return (
    <div className="chart-events" data-testid="chart-events">
      <p className="sr-only">{eventsText(marks)}</p>
      {marks.map((mark) => (
        <svg
          key={mark.events[0]?.atMs}
          width="8"
          height="8"
          viewBox="0 0 8 8"
          aria-hidden="true"
          className="chart-event"
          data-kind={mark.kind}
          style={{ left: `${mark.at * 100}%` }}
        >
          <title>{markTitle(mark, axis.toMs - axis.fromMs)}</title>
          <path d={SHAPE[mark.kind]} />
        </svg>
      ))}
    </div>
  );
}
