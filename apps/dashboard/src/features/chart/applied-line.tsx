'use client';

import { Bookmark, ChevronLeft, ChevronRight, History, X, ZoomOut } from 'lucide-react';
import { useEffect } from 'react';
import { useLive, useSnapshot } from '../../node/live-context.tsx';
import type { TimeSpan } from '../../node/past/past.ts';
import { useAppliedFilter, useOldestRecorded } from '../../node/recorded/use-recorder.ts';
import { dayText, momentText, rangeText } from '../../text/calendar-text.ts';
import { clockText } from '../../text/clock.ts';
import { conditionsOf, withoutCondition } from '../../text/filter-edit.ts';
import { NO_FILTER } from '../../text/filter-text.ts';
import { IconButton } from '../../ui/icon-button.tsx';
import { useKeys } from '../../ui/keys/keys.ts';
import { overlay } from '../../ui/keys/overlay.ts';
import { useMayChange } from '../rules/index.ts';
import { appliedText } from './applied-text.ts';
import { type MissingPart, missingParts, nodesText, packetsText } from './coverage-text.ts';
import { steppedRange, widerRange } from './range-step.ts';
import type { Overview } from './use-overview.ts';
import type { RatesAnswer } from './use-recorded-span.ts';
import './applied-line.css';

/** Says which packets the page shows: the range with what is missing in it, and the conditions of the filter. */
export function AppliedLine({ overview, recorded }: { overview: Overview; recorded: RatesAnswer }) {
  const { zoom, recorder, selection } = overview;
  const filter = useAppliedFilter();
  const { askPast } = useLive();
  const isLive = selection?.isLive === true;
  useEffect(() => (isLive ? () => void askPast('live:end', {}) : undefined), [isLive, askPast]);
  return (
    <div className="applied-line" data-past={zoom !== null} data-testid="applied-line">
      {zoom !== null && <PastRange zoom={zoom} overview={overview} recorded={recorded} />}
      {filter !== NO_FILTER && <Conditions filter={filter} />}
      {zoom === null && isLive && <SinceApplied recorded={recorded} />}
      <p className="applied-note">
        {appliedText({ isPast: zoom !== null, isFiltered: filter !== NO_FILTER, recorder })}
      </p>
      {zoom !== null && <RangeSteps zoom={zoom} setZoom={overview.setZoom} isRecorded={recorder === 'on'} />}
    </div>
  );
}

function PastRange({
  zoom,
  overview: { recorder, selection },
  recorded: { value, isCurrent, problem },
}: {
  zoom: TimeSpan;
  overview: Overview;
  recorded: RatesAnswer;
}) {
  // Days change at midnight.
  const now = useSnapshot(({ figures }) => Math.floor(figures.wallMs / 60_000) * 60_000);
  const oldest = useOldestRecorded();
  const isFiltered = useAppliedFilter() !== NO_FILTER;
  const coverage = isCurrent && value !== null ? value.coverage : null;
  const isTooOld = recorder !== 'off' && oldest !== null && zoom.toMs <= oldest;
  const parts = coverage === null ? [] : missingParts(coverage, zoom);
  return (
    <p className="applied-range" role="status" data-testid="past-range">
      <History size={13} aria-hidden="true" />
      <span className="font-mono">{rangeText(zoom, now)}</span>
      {selection !== null && (
        <span className={problem === null ? 'text-muted' : 'text-warn'} data-testid="past-coverage">
          {isTooOld && oldest !== null ? (
            `older than what is recorded, which reaches back to ${momentText(oldest, now)}`
          ) : coverage === null ? (
            (problem ?? 'loading…')
          ) : (
            <>
              {packetsText(coverage)}
              {isFiltered && (coverage.packets === 1 ? ' matches' : ' match')}
              {nodesText('nodes' in coverage ? coverage.nodes : undefined)}, <Missing parts={parts} />
            </>
          )}
        </span>
      )}
    </p>
  );
}

/** Says from when on live sums count, how many packets match since then, and what is missing. */
function SinceApplied({ recorded: { value, isCurrent, problem } }: { recorded: RatesAnswer }) {
  const now = useSnapshot(({ figures }) => Math.floor(figures.wallMs / 60_000) * 60_000);
  if (problem !== null) {
    return (
      <p className="text-warn" role="status" data-testid="since-applied">
        Chart and top lists cannot show this filter: {problem}
      </p>
    );
  }
  if (!isCurrent || value === null || !('since_ms' in value)) return null;
  const { since_ms, counted_to_ms, total } = value;
  const day = dayText(since_ms, now);
  return (
    <p className="text-muted" data-testid="since-applied" data-packets={total.packets}>
      Chart and top lists: {packetsText(total)}
      {total.packets === 1 ? ' matches' : ' match'} since{' '}
      <span className="font-mono">
        {day === 'today' ? '' : `${day} `}
        {clockText(since_ms)}
      </span>
      , when this filter was first applied;{' '}
      <Missing parts={missingParts(total, { fromMs: since_ms, toMs: counted_to_ms })} />
    </p>
  );
}

function Missing({ parts }: { parts: readonly MissingPart[] }) {
  if (parts.length === 0) return 'complete';
  return parts.map(({ text, sentence, isLoss }, i) => (
    <span key={sentence}>
      {i > 0 && ', '}
      <span className={`applied-missing ${isLoss ? 'text-lost' : 'text-warn'}`} title={sentence}>
        {text}
      </span>
      <span className="sr-only">. {sentence}</span>
    </span>
  ));
}

/** The conditions of the filter; each can be removed. */
function Conditions({ filter: text }: { filter: string }) {
  const { filter } = useLive();
  return (
    <ul className="conditions" aria-label="Conditions of the filter">
      {conditionsOf(text).map((condition) => (
        <li key={condition} className="condition">
          <span className="font-mono truncate" title={condition}>
            {condition}
          </span>
          <button
            type="button"
            aria-label={`Remove the condition ${condition}`}
            title="Remove this condition"
            onClick={() => filter.apply(withoutCondition(text, condition))}
          >
            <X size={12} aria-hidden="true" />
          </button>
        </li>
      ))}
    </ul>
  );
}

const BOOKMARK = {
  keys: ['b'],
  name: 'Bookmark this range…',
  group: 'Time',
  keywords: 'keep save note past',
} as const;

function RangeSteps({
  zoom,
  setZoom,
  isRecorded,
}: {
  zoom: TimeSpan;
  setZoom: (range: TimeSpan) => void;
  isRecorded: boolean;
}) {
  const canKeep = useMayChange() && isRecorded;
  const { store } = useLive();
  const now = () => store.getSnapshot().figures.wallMs;
  const step = (by: -1 | 1) => {
    const next = steppedRange(zoom, by, now());
    if (next !== null) setZoom(next);
  };
  const widen = () => setZoom(widerRange(zoom, now()));
  useKeys('page', [
    {
      keys: ['['],
      name: 'Show the time before',
      group: 'Time',
      keywords: 'earlier previous past',
      run: () => step(-1),
    },
    { keys: [']'], name: 'Show the time after', group: 'Time', keywords: 'later next past', run: () => step(1) },
    { keys: ['z'], name: 'Zoom out', group: 'Time', keywords: 'wider longer range', run: widen },
  ]);
  useKeys('page', canKeep ? [{ ...BOOKMARK, run: () => overlay.show('bookmark') }] : []);
  return (
    <div className="applied-steps">
      <IconButton label="Show the time before" shortcut="[" onClick={() => step(-1)}>
        <ChevronLeft size={14} aria-hidden="true" />
      </IconButton>
      <IconButton label="Show the time after" shortcut="]" onClick={() => step(1)}>
        <ChevronRight size={14} aria-hidden="true" />
      </IconButton>
      <IconButton label="Zoom out" shortcut="z" onClick={widen}>
        <ZoomOut size={13} aria-hidden="true" />
      </IconButton>
      {canKeep && (
        <IconButton label="Bookmark this range" shortcut="b" onClick={() => overlay.show('bookmark')}>
          <Bookmark size={13} aria-hidden="true" />
        </IconButton>
      )}
    </div>
  );
}
