'use client';

import type { ReactNode } from 'react';
import type { View } from '../lib/chart.ts';
import { RANGES } from '../lib/past.ts';
import { useKeys } from '../live/keys.ts';
import type { Overview } from '../live/use-overview.ts';
import { Segments } from './segments.tsx';

const RANGE_SEGMENTS = RANGES.map(({ id }) => ({ value: id, label: id }));
const VIEW_SEGMENTS = [
  { value: 'action', label: 'by action' },
  { value: 'protocol', label: 'by protocol' },
  { value: 'bytes', label: 'bytes' },
] as const;

/** Which time and what of it the chart shows; below, in words, how that compares. */
export function ChartControls({
  overview: { range, look, setRange, setLook },
  view,
  onView,
  bytes,
  children,
}: {
  overview: Overview;
  view: View;
  onView: (view: View) => void;
  /** Whether bytes have no chart of their own. */
  bytes: boolean;
  children: ReactNode;
}) {
  const views = VIEW_SEGMENTS.filter(({ value }) => bytes || value !== 'bytes');
  useKeys(
    'page',
    views
      .filter(({ value }) => value !== view)
      .map(({ value, label }) => ({
        keys: [],
        name: `Chart: ${label}`,
        group: 'Time',
        words: 'rates plot',
        run: () => onView(value),
      })),
  );
  return (
    <div className="chart-controls">
      <div className="chart-switches">
        {look !== null && (
          <button
            type="button"
            className="button button-accent"
            title="Follow the newest again (Esc)"
            data-testid="back-to-live"
            onClick={() => setLook(null)}
          >
            Back to live
          </button>
        )}
        <Segments label="What the chart tells apart" segments={views} value={view} onChange={onView} />
        <Segments
          label="How far back"
          segments={RANGE_SEGMENTS}
          value={look === null ? range.id : ''}
          onChange={setRange}
        />
      </div>
      <p className="chart-words" data-testid="chart-words">
        {children}
      </p>
    </div>
  );
}
