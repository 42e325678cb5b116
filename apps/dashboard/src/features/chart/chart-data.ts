import type { Amounts, PastPoint, Sums } from '../../node/past/past-level.ts';
import { timeInRangeText } from '../../text/calendar-text.ts';
import { VERDICT_TEXT } from '../../text/verdict-text.ts';
import type { Comparison } from './comparison.ts';

/** What the lines of a chart are split by. */
export type Split = 'action' | 'protocol';
/** The unit of a chart. */
export type Unit = 'packets' | 'bytes';
export type View = `${Split}-${Unit}`;

/** A line of a chart, with the label of its readout. */
export interface ChartLine {
  readonly label: string;
  readonly of: (rates: Amounts) => number;
  readonly tone?: 'deny';
  /** Zeros are drawn only next to a value, so that lines begin and end at 0. */
  readonly rare?: true;
}

export const LINES: Readonly<Record<View, readonly ChartLine[]>> = {
  'action-packets': [
    { label: VERDICT_TEXT.permit.label, of: ({ permitted }) => permitted },
    { label: VERDICT_TEXT.deny.label, of: ({ denied, aborted }) => denied + aborted, tone: 'deny', rare: true },
  ],
  'protocol-packets': [
    { label: 'TCP', of: ({ tcp }) => tcp },
    { label: 'UDP', of: ({ udp }) => udp },
    { label: 'ICMP', of: ({ icmp }) => icmp, rare: true },
    { label: 'other', of: ({ other }) => other, rare: true },
  ],
  'action-bytes': [
    { label: VERDICT_TEXT.permit.label, of: ({ bytes, denied_bytes }) => bytes - denied_bytes },
    { label: VERDICT_TEXT.deny.label, of: ({ denied_bytes }) => denied_bytes, tone: 'deny', rare: true },
  ],
  'protocol-bytes': [
    { label: 'TCP', of: ({ tcp_bytes }) => tcp_bytes },
    { label: 'UDP', of: ({ udp_bytes }) => udp_bytes },
    { label: 'ICMP', of: ({ icmp_bytes }) => icmp_bytes, rare: true },
    { label: 'other', of: ({ other_bytes }) => other_bytes, rare: true },
  ],
};

export interface ChartColumns {
  /** Middle of each step, s since the epoch. */
  readonly time: readonly number[];
  readonly lines: readonly (readonly (number | null)[])[];
  /** Rows lost in each step: a count, not a rate. */
  readonly lost: readonly number[];
}

/** Columns for the plot, oldest first; null interrupts a line. */
export function chartColumns(points: readonly PastPoint[], stepMs: number, lines: readonly ChartLine[]): ChartColumns {
  return {
    time: points.map(({ fromMs }) => (fromMs + stepMs / 2) / 1000),
    lines: lines.map(({ of, rare }) => {
      const column = points.map(({ rates }) => rates && of(rates));
      return rare ? withoutZeros(column) : column;
    }),
    lost: points.map(({ rates }) => rates?.lost ?? 0),
  };
}

/** Replaces zeros by null unless they are next to a value. */
export function withoutZeros(column: readonly (number | null)[]): (number | null)[] {
  return column.map((value, i) => (value === 0 && !column[i - 1] && !column[i + 1] ? null : value));
}

/** Returns the lowest, highest and latest rates for screen readers; null while there is no data. */
export function extentOf(points: readonly PastPoint[]) {
  const amounts = points.flatMap(({ rates }) => (rates === null ? [] : [rates]));
  const latest = amounts.at(-1);
  if (latest === undefined) return null;
  const rates = amounts.map(({ packets }) => packets);
  return {
    lowest: Math.min(...rates),
    highest: Math.max(...rates),
    latest: latest.packets,
    deniedHighest: Math.max(...amounts.map(({ denied, aborted }) => denied + aborted)),
  };
}

export interface Readouts {
  /** Per second; null where there is no data. */
  readonly rates: Amounts | null;
  /** Rows lost in the step or the range. */
  readonly lost: number;
  /** The time of the numbers; null if they are the newest. */
  readonly when: string | null;
}

/**
 * Returns the numbers above the chart: those of the point under the pointer, else of the newest point, or the mean of a
 * zoomed range.
 */
export function readoutOf(
  {
    points,
    comparison,
    fromMs,
    toMs,
  }: { points: readonly PastPoint[]; comparison: Comparison | null; fromMs: number; toMs: number },
  isLive: boolean,
  hovered: number | null,
): Readouts {
  const under = hovered === null ? undefined : points[hovered];
  if (under !== undefined) {
    const when = timeInRangeText(under.fromMs, toMs - fromMs);
    return { rates: under.rates, lost: under.rates?.lost ?? 0, when };
  }
  if (isLive) {
    const rates = points.at(-1)?.rates ?? null;
    return { rates, lost: rates?.lost ?? 0, when: null };
  }
  if (comparison === null) return { rates: null, lost: 0, when: 'mean' };
  const { now, lengthMs } = comparison;
  const mean = Object.fromEntries(Object.entries(now).map(([name, sum]) => [name, (sum * 1000) / lengthMs])) as Sums;
  return { rates: mean, lost: Math.round(now.lost), when: 'mean' };
}
