'use client';

import type { ReactNode } from 'react';
import { useKeys } from '../../ui/keys/keys.ts';
import { Segments } from '../../ui/segments.tsx';
import type { Split, Unit } from './chart-data.ts';
import { COMPARED, type Compared } from './comparison.ts';
import type { Overview } from './use-overview.ts';

const SPLIT_SEGMENTS = [
  { value: 'action', label: 'by verdict' },
  { value: 'protocol', label: 'by protocol' },
] as const;
const UNIT_SEGMENTS = [
  { value: 'packets', label: 'packets' },
  { value: 'bytes', label: 'bytes' },
] as const;

/**
 * Selects the time range, the split and the unit of the charts. `children` compares the range with the preceding one.
 */
export function ChartControls({
  overview: { range, ranges, zoom, setRange, setZoom, selection, compared, setCompared, canCompare },
  split,
  onSplit,
  unit,
  onUnit,
  children,
}: {
  overview: Overview;
  split: Split;
  onSplit: (split: Split) => void;
  /** Undefined if each unit has its own chart. */
  unit: Unit | undefined;
  onUnit: (unit: Unit) => void;
  children: ReactNode;
}) {
  const others = [
    ...SPLIT_SEGMENTS.filter(({ value }) => value !== split).map(({ value, label }) => ({
      label,
      run: () => onSplit(value),
    })),
    ...UNIT_SEGMENTS.filter(({ value }) => unit !== undefined && value !== unit).map(({ value, label }) => ({
      label,
      run: () => onUnit(value),
    })),
  ];
  useKeys(
    'page',
    others.map(({ label, run }) => ({ keys: [], name: `Chart: ${label}`, group: 'Time', keywords: 'rates plot', run })),
  );
  return (
    <div className="chart-controls">
      <h2 id="rates-title" className="panel-title chart-title">
        Traffic
      </h2>
      <p className="chart-text" data-long={zoom !== null || selection !== null} data-testid="chart-text">
        {children}
      </p>
      <div className="chart-switches">
        {zoom !== null && (
          <button
            type="button"
            className="button button-accent"
            title="Back to the newest data (Esc or l)"
            data-testid="back-to-live"
            onClick={() => setZoom(null)}
          >
            Back to live
          </button>
        )}
        {canCompare && (
          <select
            className="chart-compared"
            aria-label="Compare with"
            title="What the dashed line is"
            data-testid="compared"
            value={compared}
            onChange={(event) => setCompared(event.target.value as Compared)}
          >
            {COMPARED.map(({ value, name, short }) => (
              <option key={value} value={value} label={short}>
                {name}
              </option>
            ))}
          </select>
        )}
        <Segments label="Split the chart" segments={SPLIT_SEGMENTS} value={split} onChange={onSplit} />
        {unit !== undefined && (
          <Segments label="Unit of the chart" segments={UNIT_SEGMENTS} value={unit} onChange={onUnit} />
        )}
        <Segments
          label="Time range"
          segments={ranges.map(({ id }) => ({ value: id, label: id }))}
          value={zoom === null ? range.id : ''}
          onChange={setRange}
        />
      </div>
    </div>
  );
}
