'use client';

import { ArrowUp } from 'lucide-react';
import { counted, formatCount } from '../../lib/number.ts';
import { useSnapshot } from '../../live/live-context.tsx';

/** What the lines stand for, and what they leave out. */
export function ConversationFoot({
  count,
  evicted,
  newcomers,
  onNewcomers,
}: {
  count: number;
  evicted: number;
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
