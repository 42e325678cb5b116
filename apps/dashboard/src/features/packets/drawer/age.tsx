'use client';

import { useSnapshot } from '../../../node/live-context.tsx';
import { ageText } from '../../../text/clock.ts';
import { localTimeText } from '../../../text/local-time-text.ts';

/** Age by the loader's clock, and the browser's local time. */
export function Age({ timeMs }: { timeMs: number }) {
  const now = useSnapshot(({ figures }) => figures.wallMs);
  return (
    <span className="packet-sentence">
      <span data-testid="packet-age">{ageText(now - timeMs)} ago</span>, {localTimeText(timeMs)}.
    </span>
  );
}
