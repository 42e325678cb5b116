'use client';

import { ArrowUp } from 'lucide-react';
import { useSnapshot } from '../../node/live-context.tsx';
import { counted, formatCount } from '../../text/number.ts';

/** The number of conversations, and what the counts do not include. */
export function ConversationFoot({
  count,
  lines,
  evicted,
  missed,
  newcomers,
  onNewcomers,
}: {
  count: number;
  /** Lines of the table: fewer than conversations if it has scans. */
  lines: number;
  evicted: number;
  /** Rows that left the buffer before they were counted. */
  missed: number;
  newcomers: number;
  onNewcomers: () => void;
}) {
  const withheld = useSnapshot(({ figures }) => figures.withheld > 0);
  return (
    <div className="conversation-foot">
      <p>
        <data value={count} data-value={count} data-testid="conversation-count">
          {counted(count, 'conversation')}
        </data>
        {lines < count && ` in ${counted(lines, 'line')}`}
        {evicted > 0 && (
          <span title="The list is full: conversations with one packet, seen longest ago, are removed first.">
            ,{' '}
            <data value={evicted} data-value={evicted} data-testid="conversations-evicted">
              {formatCount(evicted)}
            </data>{' '}
            more were removed from the list
          </span>
        )}
        {missed > 0 && (
          <span title="This page was too slow: its tab was hidden, or the browser was busy, and newer rows took the place of these.">
            {' '}
            ·{' '}
            <data value={missed} data-value={missed} data-testid="conversations-missed">
              {counted(missed, 'row')}
            </data>{' '}
            lost before they were counted
          </span>
        )}
        {withheld && <span title="The figures above count all packets."> · counts displayed rows only</span>}
      </p>
      {newcomers > 0 && (
        <button type="button" className="button button-accent" data-testid="newcomers" onClick={onNewcomers}>
          <ArrowUp size={12} aria-hidden="true" />
          {counted(newcomers, 'new line')}
        </button>
      )}
    </div>
  );
}
