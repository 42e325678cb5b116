'use client';

import { ArrowUp } from 'lucide-react';
import { counted, formatCount } from '../../lib/number.ts';
import { useSnapshot } from '../../live/live-context.tsx';

/** What the lines stand for, and what they leave out. */
export function ConversationFoot({
  count,
  evicted,
  missed,
  newcomers,
  onNewcomers,
}: {
  count: number;
  evicted: number;
  /** Rows that were gone before they could be added up. */
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
        {evicted > 0 && (
          <span title="There is room for so many lines. Who came once, and longest ago, went first.">
            ,{' '}
            <data value={evicted} data-value={evicted} data-testid="conversations-evicted">
              {formatCount(evicted)}
            </data>{' '}
            more have left the list
          </span>
        )}
        {missed > 0 && (
          <span title="This page keeps so many rows. While its tab was hidden, or the browser was busy, more came than that.">
            {' '}
            ·{' '}
            <data value={missed} data-value={missed} data-testid="conversations-missed">
              {counted(missed, 'row')}
            </data>{' '}
            left before they were counted
          </span>
        )}
        {withheld && (
          <span title="The figures above count all packets."> · counts what came here as rows, which is not all</span>
        )}
      </p>
      {newcomers > 0 && (
        <button type="button" className="button button-accent" data-testid="newcomers" onClick={onNewcomers}>
          <ArrowUp size={12} aria-hidden="true" />
          {counted(newcomers, 'new one')}
        </button>
      )}
    </div>
  );
}
