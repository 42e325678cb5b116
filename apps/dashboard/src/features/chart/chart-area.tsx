'use client';

import { type BrushProps, ChartBrush } from './chart-brush.tsx';
import { Plot, type PlotProps } from './plot.tsx';

/** A plot, with range selection if `brush` is given. */
export function ChartArea({ brush, ...plot }: PlotProps & { brush?: BrushProps }) {
  if (brush === undefined) return <Plot {...plot} />;
  return (
    <ChartBrush {...brush}>
      <Plot {...plot} />
    </ChartBrush>
  );
}
