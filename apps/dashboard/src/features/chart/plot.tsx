'use client';

import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { axisTicks, axisTop, highestOf, tickText, timeTicks } from './axis.ts';

export interface PlotLine {
  /** Names of CSS variables. */
  readonly color: string;
  readonly fill?: string;
  readonly dash?: number[];
}

export interface PlotProps {
  readonly lines: readonly PlotLine[];
  readonly data: uPlot.AlignedData;
  /** Rows lost in the step of each point, parallel to the time column. */
  readonly lost: readonly number[];
  /** Right end of the time axis, s since the epoch; its length, s; the step between points, s. */
  readonly end: number;
  readonly span: number;
  readonly step: number;
  readonly axisLabel: (value: number) => string;
  /** Smallest value for the top of the axis. */
  readonly minTop: number;
  /** Index of the point under the pointer, null when it leaves. */
  readonly onHover: (index: number | null) => void;
  /** Called with a range that was selected with the mouse, s since the epoch. */
  readonly onBrush: (from: number, to: number) => void;
}

const CROSSHAIR = 'rates';
const MAX_POINTS_SHOWN = 2;
/** Of the labels of the time axis: half the width of a character, px. */
const HALF_CHARACTER = 3.4;
/** Distance between two labels, and what one may reach beyond the right end of the axis, px. */
const BETWEEN = 8;
const RIGHT = 16;

/** Lines over time with range selection by mouse. Colours are read from CSS variables at each drawing. */
export function Plot({ lines, data, lost, end, span, step, axisLabel, minTop, onHover, onBrush }: PlotProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef({ lost, end, span, step, axisLabel, minTop, onHover, onBrush });
  latest.current = { lost, end, span, step, axisLabel, minTop, onHover, onBrush };

  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const color = (name: string) => getComputedStyle(element).getPropertyValue(name).trim();
    const font = `11px ${getComputedStyle(document.body).getPropertyValue('--font-geist-mono')}, monospace`;
    const axis = {
      stroke: () => color('--faint'),
      font,
      ticks: { show: false },
      border: { show: false },
    } satisfies Partial<uPlot.Axis>;
    const chart = new uPlot(
      {
        width: element.clientWidth,
        height: element.clientHeight,
        padding: [8, RIGHT, 0, 0],
        legend: { show: false },
        cursor: {
          y: false,
          drag: { x: true, y: false, setScale: false, dist: 4 },
          sync: { key: CROSSHAIR },
          points: {
            size: 6,
            width: 0,
            fill: (_, i) => color(lines[i - 1]?.color ?? '--fg'),
            stroke: () => 'transparent',
          },
        },
        scales: {
          x: { time: false, range: () => [latest.current.end - latest.current.span, latest.current.end] },
          // uPlot would leave out the first point, whose step may begin before the axis.
          y: {
            range: ({ data }) => {
              const { end, span, step, minTop } = latest.current;
              return [0, axisTop(highestOf(data, end - span - step, end), minTop)];
            },
          },
        },
        axes: [
          {
            ...axis,
            size: 22,
            gap: 4,
            grid: { show: false },
            splits: (_, __, from, to) => timeTicks(from, to).ticks,
            values: timeLabels,
          },
          {
            ...axis,
            size: 60,
            gap: 10,
            grid: { stroke: () => color('--line'), width: 1 },
            splits: (_, __, ___, top) => axisTicks(top),
            values: (_, ticks) => ticks.map((tick) => latest.current.axisLabel(tick)),
          },
        ],
        series: [
          {},
          ...lines.map((line) => ({
            stroke: () => color(line.color),
            fill: () => (line.fill === undefined ? 'transparent' : color(line.fill)),
            ...(line.dash !== undefined && { dash: line.dash }),
            width: 1.25,
            // A line needs two points.
            points: { show: (u: uPlot) => u.data[0].length <= MAX_POINTS_SHOWN, size: 5 },
            spanGaps: false,
          })),
        ],
        hooks: {
          drawClear: [
            (u) => hatchLosses(u, latest.current.lost, latest.current.step, color('--lost'), color('--lost-wash')),
          ],
          setSelect: [
            (u) => {
              const { left, width } = u.select;
              if (width === 0) return;
              latest.current.onBrush(u.posToVal(left, 'x'), u.posToVal(left + width, 'x'));
              u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            },
          ],
          setCursor: [(u) => latest.current.onHover((u.cursor.left ?? -1) < 0 ? null : (u.cursor.idx ?? null))],
        },
      },
      [[], ...lines.map(() => [])] as unknown as uPlot.AlignedData,
      element,
    );
    plot.current = chart;
    const resized = new ResizeObserver(() =>
      chart.setSize({ width: element.clientWidth, height: element.clientHeight }),
    );
    resized.observe(element);
    const themed = new MutationObserver(() => chart.redraw(false));
    themed.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    return () => {
      resized.disconnect();
      themed.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, []);

  useEffect(() => {
    plot.current?.setData(data);
  }, [data, end, span]);

  return <div ref={host} className="plot" />;
}

/** Labels of the time axis. Omits a label that would be cut at an edge or overlap another one; days come first. */
function timeLabels(u: uPlot, ticks: number[]): string[] {
  const { min = 0, max = 0 } = u.scales['x'] ?? {};
  const { step } = timeTicks(min, max);
  const width = u.bbox.width / window.devicePixelRatio;
  const labels = ticks.map((tick) => {
    const text = tickText(tick, step);
    const half = text.length * HALF_CHARACTER;
    return { text, half, x: ((tick - min) / (max - min)) * width };
  });
  const shown = new Set<(typeof labels)[number]>();
  const isDay = ({ text }: { text: string }) => !text.includes(':');
  for (const label of [...labels.filter(isDay), ...labels]) {
    const { x, half } = label;
    const isFree = [...shown].every((other) => Math.abs(x - other.x) >= half + other.half + BETWEEN);
    if (isFree && x >= half && x <= width - half + RIGHT) shown.add(label);
  }
  return labels.map((label) => (shown.has(label) ? label.text : ''));
}

/** Hatches each step in which rows were lost over the whole height, behind the lines. */
function hatchLosses(u: uPlot, lost: readonly number[], step: number, line: string, wash: string): void {
  const { ctx } = u;
  const { left, top, width, height } = u.bbox;
  const ratio = window.devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  for (let i = 0; i < lost.length; i++) {
    if ((lost[i] ?? 0) === 0) continue;
    const middle = u.data[0][i] ?? 0;
    const to = u.valToPos(middle + step / 2, 'x', true);
    const from = Math.min(to - 3 * ratio, u.valToPos(middle - step / 2, 'x', true));
    ctx.rect(Math.max(left, from), top, Math.min(to, left + width) - Math.max(left, from), height);
  }
  ctx.clip();
  ctx.fillStyle = wash;
  ctx.fillRect(left, top, width, 3 * ratio);
  ctx.strokeStyle = line;
  ctx.globalAlpha = 0.55;
  ctx.lineWidth = ratio;
  ctx.beginPath();
  for (let x = left - height; x < left + width; x += 5 * ratio) {
    ctx.moveTo(x, top + height);
    ctx.lineTo(x + height, top);
  }
  ctx.stroke();
  ctx.restore();
}
