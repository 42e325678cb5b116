'use client';

import { useMemo, useState } from 'react';
import { clockText, spanText } from '../lib/clock.ts';
import { formatBytes, formatCompact, formatCount, formatRound, type Quantity, quantityText } from '../lib/number.ts';
import { withoutZeros } from '../lib/series.ts';
import { useLive, useSnapshot } from '../live/live-context.tsx';
import { Plot, type PlotLine } from './plot.tsx';
import './rate-chart.css';

const PACKET_LINES: readonly PlotLine[] = [
  { color: '--permit-line', fill: '--permit-fill' },
  { color: '--deny', fill: '--deny-fill' },
];
const BYTE_LINES: readonly PlotLine[] = [{ color: '--permit-line', fill: '--permit-fill' }];

/** How much arrives and how much of it is refused, over the last five minutes. */
export function RateChart() {
  const { store } = useLive();
  const { series } = store.picture;
  const summaryAt = useSnapshot(({ figures }) => figures.summaryAt);
  // The axis goes on while nothing comes: the gap must be seen to grow.
  const second = useSnapshot(({ figures, now }) =>
    figures.summaryAt === null ? 0 : Math.floor((now - figures.summaryAt) / 1000),
  );
  const [hovered, setHovered] = useState<number | null>(null);

  const columns = useMemo(() => series.columns(), [series, summaryAt]);
  const { time, permit, deny, bytes, lost } = columns;
  const packetData = useMemo<[number[], (number | null)[], (number | null)[]]>(
    () => [[...time], [...permit], withoutZeros(deny)],
    [time, permit, deny],
  );
  const byteData = useMemo<[number[], (number | null)[]]>(() => [[...time], [...bytes]], [time, bytes]);

  const at = hovered !== null && hovered < time.length ? hovered : time.length - 1;
  const value = (column: readonly (number | null)[]): number | null => column[at] ?? null;
  const permitted = value(permit);
  const denied = value(deny);
  const total = permitted === null || denied === null ? null : permitted + denied;
  const end = (series.newestMs ?? 0) / 1000 + second;
  const isNow = hovered === null && second < 2;
  const when = isNow || time[at] === undefined ? 'now' : clockText(time[at] * 1000);
  const lostThen = lost[at] ?? 0;

  return (
    <section className="charts" aria-labelledby="rates-title" data-testid="rate-chart">
      <h2 id="rates-title" className="sr-only">
        Rates of the last five minutes
      </h2>
      <p className="sr-only">{inWords(series.extent())}</p>
      <div className="chart" aria-hidden="true">
        <div className="readouts">
          <Readout label="packets/s" value={total} format={formatCompact} note={when} />
          <Readout label="permitted" value={permitted} format={formatCompact} mark="bg-[var(--permit-line)]" />
          <Readout
            label="denied"
            value={denied}
            format={formatCompact}
            mark="bg-deny"
            tone={denied ? 'text-deny' : ''}
          />
          {lostThen > 0 && (
            <Readout label="rows lost" value={lostThen} format={formatCompact} mark="hatched" tone="text-lost" />
          )}
        </div>
        <Plot
          lines={PACKET_LINES}
          data={packetData}
          lost={lost}
          end={end}
          least={10}
          axisLabel={(packets) => quantityText(formatRound(packets))}
          onHover={setHovered}
        />
        {time.length === 0 && <p className="chart-empty">The first figures come within a second.</p>}
      </div>
      <div className="chart chart-bytes" aria-hidden="true">
        <div className="readouts">
          <Readout label="bytes/s" value={value(bytes)} format={formatBytes} note={when} />
        </div>
        <Plot
          lines={BYTE_LINES}
          data={byteData}
          lost={lost}
          end={end}
          least={1000}
          axisLabel={bytesLabel}
          onHover={setHovered}
        />
      </div>
    </section>
  );
}

function bytesLabel(bytes: number): string {
  const { value, unit } = formatRound(bytes);
  return bytes === 0 ? '0' : quantityText({ value, unit: `${unit}B` });
}

function Readout({
  label,
  value,
  format,
  mark,
  tone = '',
  note = '',
}: {
  label: string;
  value: number | null;
  format: (value: number) => Quantity;
  mark?: string;
  tone?: string;
  note?: string;
}) {
  const quantity = value === null ? null : format(value);
  return (
    <div className="readout">
      <p className="readout-label">
        {mark !== undefined && <span className={`readout-mark ${mark}`} />}
        {label}
        {note !== '' && <span className="note text-faint font-mono">{note}</span>}
      </p>
      <p className={`readout-value ${tone}`}>
        {quantity?.value ?? '—'}
        <span className="readout-unit">{quantity?.unit ?? ''}</span>
      </p>
    </div>
  );
}

function inWords(extent: ReturnType<ReturnType<typeof useLive>['store']['picture']['series']['extent']>): string {
  if (extent === null) return 'No figures yet.';
  const { seconds, lowest, highest, latest, deniedHighest } = extent;
  const n = (value: number) => formatCount(Math.round(value));
  return `Over the last ${spanText(seconds * 1000)}: now ${n(latest)} packets per second, lowest ${n(lowest)}, highest ${n(highest)}; denied at most ${n(deniedHighest)} per second.`;
}
