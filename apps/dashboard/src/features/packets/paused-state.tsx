'use client';

import { MAX_BUFFERED_ROWS, type PausedFigures } from '../../node/state/pause-buffer.ts';
import { spanText } from '../../text/clock.ts';
import { counted, formatCount } from '../../text/number.ts';

/** Counts what passed, what is buffered and what was withheld since the pause. */
export function PausedState({ paused: { forMs, passed, waiting, withheld } }: { paused: PausedFigures }) {
  return (
    <>
      <span className="text-warn">paused {spanText(forMs)}</span>
      <span className="text-muted">
        <span className="paused-passed">
          <data value={passed} data-value={passed} data-testid="paused-passed">
            {counted(passed, 'packet')}
          </data>{' '}
          since{waiting > 0 && ', '}
        </span>
        {waiting > 0 && (
          <>
            <data value={waiting} data-value={waiting} data-testid="rows-waiting">
              {counted(waiting, 'row')}
            </data>{' '}
            buffered
          </>
        )}
        {withheld > 0 && (
          <span
            title={`At most ${formatCount(MAX_BUFFERED_ROWS)} rows are buffered while paused. The others are withheld.`}
          >
            ,{' '}
            <data value={withheld} data-value={withheld} data-testid="rows-withheld">
              {formatCount(withheld)}
            </data>{' '}
            withheld
          </span>
        )}
      </span>
    </>
  );
}
