'use client';

import { Clock } from 'lucide-react';
import { FilterBar } from '../../features/filter/index.ts';
import { useSnapshot } from '../../node/live-context.tsx';
import { useShownRange } from '../../node/recorded/use-recorder.ts';
import { rangeText } from '../../text/calendar-text.ts';
import { useKeys } from '../../ui/keys/keys.ts';
import { overlay } from '../../ui/keys/overlay.ts';
import './query-bar.css';

/** Filter and time of everything below. */
export function QueryBar() {
  return (
    <div className="query-bar">
      <FilterBar />
      <TimeButton />
    </div>
  );
}

function TimeButton() {
  const range = useShownRange();
  const minute = useSnapshot(({ figures }) => Math.floor(figures.wallMs / 60_000) * 60_000);
  const show = () => overlay.show('time');
  useKeys('page', [
    {
      keys: ['t'],
      name: 'Show a time…',
      group: 'Time',
      keywords: 'past yesterday go to date range bookmark history',
      run: show,
    },
  ]);
  const text = range === null ? 'Live' : rangeText(range, minute);
  return (
    <button
      type="button"
      className={range === null ? 'button time-button' : 'button button-accent time-button'}
      aria-haspopup="dialog"
      aria-keyshortcuts="t"
      aria-label={`Time: ${text}`}
      title="Show a time (t)"
      data-testid="time-button"
      onClick={show}
    >
      <Clock size={13} aria-hidden="true" />
      <span className="time-word">{text}</span>
    </button>
  );
}
