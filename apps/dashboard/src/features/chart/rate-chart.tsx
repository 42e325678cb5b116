'use client';

import dynamic from 'next/dynamic';
import { useMemo, useState } from 'react';
import type { AlignedData } from 'uplot';
import { useLive, useSnapshot } from '../../node/live-context.tsx';
import type { Amounts, PastPoint } from '../../node/past/past-level.ts';
import { useAppliedFilter } from '../../node/recorded/use-recorder.ts';
import { useAge } from '../../node/use-age.ts';
import { clockText, spanText } from '../../text/clock.ts';
import { NO_FILTER } from '../../text/filter-text.ts';
import { formatBytes, formatCompact, formatCount, formatRound, quantityText } from '../../text/number.ts';
import { useMedia } from '../../ui/measure/use-media.ts';
import type { BrushProps } from './chart-brush.tsx';
import { ChartControls } from './chart-controls.tsx';
import { chartColumns, extentOf, LINES, readoutOf, type Split, type Unit } from './chart-data.ts';
import type { PlotLine } from './plot.tsx';
import { brushed, comparisonText, recordedText, zoomText } from './range-text.ts';
import { Readout } from './readout.tsx';
import { useChartSpan } from './use-chart-span.ts';
import type { Overview } from './use-overview.ts';
import './rate-chart.css';
import { lazyWithRetry } from '../../node/lazy-with-retry.ts';

/** Only while a filter or a range is applied. */
const AppliedLine = dynamic(
  () => lazyWithRetry(() => import('./applied-line.tsx')).then(({ AppliedLine }) => AppliedLine),
  { ssr: false, loading: () => <div className="applied-line" /> },
);

/** The plot library is half of the page's script: figures and rows do not wait for it. */
const ChartArea = dynamic(() => lazyWithRetry(() => import('./chart-area.tsx')).then((area) => area.ChartArea), {
  ssr: false,
  loading: () => <div className="plot" />,
});

const PREVIOUS_LINE: PlotLine = { color: '--line-strong', dash: [3, 3] };
const LINE_STYLES: Readonly<Record<Split, readonly PlotLine[]>> = {
  action: [PREVIOUS_LINE, { color: '--permit-line', fill: '--permit-fill' }, { color: '--deny', fill: '--deny-fill' }],
  protocol: [
    PREVIOUS_LINE,
    { color: '--permit-line', fill: '--permit-fill' },
    { color: '--series-2' },
    { color: '--series-3', dash: [6, 3] },
    { color: '--faint', dash: [2, 3] },
  ],
};
/** Smallest value for the top of the axis: of steps of seconds, a few packets should not fill it. */
const MIN_AXIS_TOP: Readonly<Record<Unit, number>> = { packets: 10, bytes: 1000 };
/** Of longer steps, whose means are smaller: a packet now and then should be seen. */
const MIN_AXIS_TOP_OF_MEANS: Readonly<Record<Unit, number>> = { packets: 1, bytes: 100 };
const LONG_STEP_MS = 60_000;
const FORMAT = { packets: formatCompact, bytes: formatBytes } as const;

/** The traffic chart: packets and bytes per second, by verdict or protocol. A selected range is zoomed into. */
export function RateChart({ overview }: { overview: Overview }) {
  const { past } = useLive().store.state;
  const chartSpan = useChartSpan(overview);
  const [hovered, setHovered] = useState<number | null>(null);
  const [split, setSplit] = useState<Split>('action');
  const [chosen, setUnit] = useState<Unit>('packets');
  const both = useMedia('(min-width: 860px)');
  const unit = both ? 'packets' : chosen;
  const { zoom } = overview;
  const { points, before, shiftMs, comparison, stepMs, fromMs, toMs, idleSeconds, recorded } = chartSpan;
  const filter = useAppliedFilter();
  const isRecorded = overview.selection !== null;
  const isLoading = isRecorded && !recorded.isCurrent;
  const [marked, setMarked] = useState<number | null>(null);
  const readout = readoutOf(
    chartSpan,
    zoom === null,
    hovered ?? (marked === null ? null : points.findLastIndex((point) => point.fromMs <= marked)),
  );
  const age = useAge();
  const when = readout.when ?? age ?? clockText(toMs);
  const oneOf = useSnapshot(({ figures }) => figures.sampledOneOf);

  const zoomTo = (from: number, to: number) => {
    const endMs = isRecorded ? toMs : Math.min(toMs, past.endMs ?? toMs);
    const limits = {
      fromMs: Math.max(fromMs, points[0]?.fromMs ?? fromMs),
      toMs: Math.max(endMs, fromMs + 2 * stepMs),
    };
    overview.setZoom(brushed(from, to, stepMs, limits));
  };
  const plot = {
    before: { points: before, shiftMs },
    points,
    step: stepMs,
    end: toMs / 1000 + idleSeconds,
    span: (toMs - fromMs) / 1000,
    onHover: setHovered,
    onBrush: zoomTo,
  };
  return (
    <section
      className="charts"
      aria-labelledby="rates-title"
      data-testid="rate-chart"
      data-points={points.length}
      data-recorded={isRecorded}
      aria-busy={isLoading}
    >
      {(zoom !== null || filter !== NO_FILTER) && <AppliedLine overview={overview} recorded={recorded} />}
      <p className="sr-only">{chartSummary(points, toMs - fromMs)}</p>
      <ChartControls
        overview={overview}
        split={split}
        onSplit={setSplit}
        unit={both ? undefined : unit}
        onUnit={setUnit}
      >
        {split === 'protocol' && oneOf > 1
          ? `estimated: the kernel records 1 of ${formatCount(oneOf)} packets`
          : isRecorded
            ? recordedText(comparison)
            : zoom === null
              ? comparisonText(comparison, unit)
              : zoomText(zoom, comparison)}
      </ChartControls>
      <div className="chart">
        <div className="readouts" aria-hidden="true">
          <Total unit={unit} rates={readout.rates} note={when} />
          <LineReadouts split={split} unit={unit} rates={readout.rates} />
          {readout.lost > 0 && (
            <Readout label="rows lost" value={readout.lost} format={formatCompact} mark="hatched" tone="text-lost" />
          )}
        </div>
        <RatePlot
          key={`${split} ${unit}`}
          split={split}
          unit={unit}
          {...plot}
          brush={{
            points,
            stepMs,
            axis: { fromMs: (plot.end - plot.span) * 1000, toMs: plot.end * 1000 },
            onMark: setMarked,
            onZoom: (span) => zoomTo(span.fromMs / 1000, span.toMs / 1000),
          }}
        />
        {points.length === 0 && (
          <p className="chart-empty">
            {isLoading ? (recorded.problem ?? 'Loading…') : 'The first figures arrive within a second.'}
          </p>
        )}
      </div>
      {both && (
        <div className="chart chart-bytes" aria-hidden="true">
          <div className="readouts">
            <Total unit="bytes" rates={readout.rates} note={when} />
            <LineReadouts split={split} unit="bytes" rates={readout.rates} />
          </div>
          <RatePlot key={split} split={split} unit="bytes" {...plot} />
        </div>
      )}
    </section>
  );
}

function Total({ unit, rates, note }: { unit: Unit; rates: Amounts | null; note: string }) {
  return <Readout label={`${unit}/s`} value={rates?.[unit] ?? null} format={FORMAT[unit]} note={note} />;
}

/** A readout for each line, with its colour. */
function LineReadouts({ split, unit, rates }: { split: Split; unit: Unit; rates: Amounts | null }) {
  return LINES[`${split}-${unit}`].map(({ label, of, tone }, i) => {
    const line = LINE_STYLES[split][i + 1];
    const value = rates && of(rates);
    return (
      <Readout
        key={label}
        label={label}
        value={value}
        format={FORMAT[unit]}
        {...(line !== undefined && { line })}
        tone={tone === 'deny' && value ? 'text-deny' : ''}
      />
    );
  });
}

function RatePlot({
  split,
  unit,
  points,
  before,
  step,
  ...rest
}: {
  split: Split;
  unit: Unit;
  points: readonly PastPoint[];
  before: { points: readonly PastPoint[]; shiftMs: number };
  step: number;
  end: number;
  span: number;
  onHover: (index: number | null) => void;
  onBrush: (from: number, to: number) => void;
  /** For touch and keyboard, on the larger chart only. */
  brush?: BrushProps;
}) {
  const { data, lost } = useMemo(() => {
    const { time, lines, lost } = chartColumns(points, step, LINES[`${split}-${unit}`]);
    // The nearest step: a shift need not be a multiple of it.
    const stepOf = (ms: number) => Math.round(ms / step);
    const earlier = new Map(before.points.map(({ fromMs, rates }) => [stepOf(fromMs + before.shiftMs), rates]));
    const then = points.map(({ fromMs }) => {
      const rates = earlier.get(stepOf(fromMs));
      return rates ? rates[unit] : null;
    });
    return { data: [[...time], then, ...lines] as unknown as AlignedData, lost };
  }, [points, before.points, before.shiftMs, step, split, unit]);
  return (
    <ChartArea
      lines={LINE_STYLES[split]}
      minTop={(step < LONG_STEP_MS ? MIN_AXIS_TOP : MIN_AXIS_TOP_OF_MEANS)[unit]}
      data={data}
      lost={lost}
      step={step / 1000}
      axisLabel={unit === 'bytes' ? bytesLabel : (packets) => quantityText(formatRound(packets))}
      {...rest}
    />
  );
}

function bytesLabel(bytes: number): string {
  const { value, unit } = formatRound(bytes);
  return bytes === 0 ? '0' : quantityText({ value, unit: `${unit}B` });
}

function chartSummary(points: readonly PastPoint[], spanMs: number): string {
  const extent = extentOf(points);
  if (extent === null) return 'No figures yet.';
  const { lowest, highest, latest, deniedHighest } = extent;
  const n = (value: number) => formatCount(Math.round(value));
  return `Over ${spanText(spanMs)}: at the end ${n(latest)} packets per second, lowest ${n(lowest)}, highest ${n(highest)}; denied at most ${n(deniedHighest)} per second.`;
}
