import type { TimeSpan } from '../../node/past/past.ts';
import type { Amounts, PastPoint } from '../../node/past/past-level.ts';
import { timeInRangeText } from '../../text/calendar-text.ts';
import { spanText } from '../../text/clock.ts';
import { counted, formatCount } from '../../text/number.ts';

/**
 * A selection by keyboard or touch: beginnings of steps, ms since the epoch. If both are equal it is a point, not a
 * range.
 */
export interface Mark {
  readonly anchorMs: number;
  /** The end that moves. */
  readonly headMs: number;
}

export type MarkMove = 'left' | 'right' | 'far-left' | 'far-right' | 'first' | 'last';

const FAR = 10;

/** Returns the mark after a key press; null while there is no data. `widen` keeps the anchor. */
export function movedMark(
  mark: Mark | null,
  points: readonly PastPoint[],
  move: MarkMove,
  widen: boolean,
): Mark | null {
  const last = points.length - 1;
  const newest = points[last];
  if (newest === undefined) return null;
  // The first press places the mark on the newest point.
  const at = mark === null ? (move === 'left' || move === 'right' ? null : last) : indexAt(points, mark.headMs);
  const next = at === null ? last : Math.min(last, Math.max(0, target(at, move, last)));
  const headMs = points[next]?.fromMs ?? newest.fromMs;
  return { anchorMs: widen && mark !== null ? mark.anchorMs : headMs, headMs };
}

function target(at: number, move: MarkMove, last: number): number {
  switch (move) {
    case 'left':
      return at - 1;
    case 'right':
      return at + 1;
    case 'far-left':
      return at - FAR;
    case 'far-right':
      return at + FAR;
    case 'first':
      return 0;
    case 'last':
      return last;
  }
}

/** Returns the index of the point that contains the time, else of the last point before it. */
export function indexAt(points: readonly PastPoint[], ms: number): number {
  let found = 0;
  for (const [i, { fromMs }] of points.entries()) if (fromMs <= ms) found = i;
  return found;
}

/** Returns the marked range in whole steps. */
export function markedSpan({ anchorMs, headMs }: Mark, stepMs: number): TimeSpan {
  return { fromMs: Math.min(anchorMs, headMs), toMs: Math.max(anchorMs, headMs) + stepMs };
}

/** Returns the mark after a touch. Near one end of a range it grabs that end; elsewhere it begins a new range. */
export function grabbed(mark: Mark | null, atMs: number, stepMs: number, nearMs: number): Mark {
  if (mark === null || mark.anchorMs === mark.headMs) return { anchorMs: atMs, headMs: atMs };
  const { fromMs, toMs } = markedSpan(mark, stepMs);
  const [toBegin, toEnd] = [Math.abs(atMs - fromMs), Math.abs(atMs - toMs)];
  if (Math.min(toBegin, toEnd) > nearMs) return { anchorMs: atMs, headMs: atMs };
  return toBegin < toEnd ? { anchorMs: toMs - stepMs, headMs: fromMs } : { anchorMs: fromMs, headMs: toMs - stepMs };
}

/** Returns the text that screen readers announce at each move. */
export function markText(mark: Mark, points: readonly PastPoint[], stepMs: number): string {
  const span = markedSpan(mark, stepMs);
  const time = (ms: number) => timeInRangeText(ms, points.length * stepMs);
  if (mark.anchorMs === mark.headMs) {
    const rates = points[indexAt(points, mark.headMs)]?.rates ?? null;
    return `${time(mark.headMs)}: ${rates === null ? 'no data' : ratesText(rates)}`;
  }
  const inSpan = points.filter(({ fromMs }) => fromMs >= span.fromMs && fromMs < span.toMs);
  const packets = inSpan.reduce((sum, { rates }) => sum + (rates?.packets ?? 0) * (stepMs / 1000), 0);
  return `${time(span.fromMs)} to ${time(span.toMs)}, ${spanText(span.toMs - span.fromMs)}: about ${counted(Math.round(packets), 'packet')}`;
}

function ratesText({ packets, denied, aborted, lost }: Amounts): string {
  const deniedCount = Math.round(denied + aborted);
  return [
    `${formatCount(Math.round(packets))} packets per second`,
    deniedCount > 0 ? `${formatCount(deniedCount)} denied` : '',
    lost > 0 ? `${counted(lost, 'row')} lost` : '',
  ]
    .filter(Boolean)
    .join(', ');
}
