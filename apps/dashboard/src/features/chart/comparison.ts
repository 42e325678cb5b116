import type { PastView, TimeSpan } from '../../node/past/past.ts';
import type { Sums } from '../../node/past/past-level.ts';
import { spanText } from '../../text/clock.ts';

/** What the chart can compare with: the preceding span of the same length, or the same time of an earlier day. */
export const COMPARED = [
  { value: 'before', name: 'the time before', short: 'vs before', days: 0 },
  { value: 'day', name: 'the same time the day before', short: 'vs day before', days: 1 },
  { value: 'week', name: 'the same time the week before', short: 'vs week before', days: 7 },
] as const;
export type Compared = (typeof COMPARED)[number]['value'];

const DAY_MS = 86_400_000;

/** Returns how much earlier the span is that the chart compares with. */
export function earlierMs(compared: Compared, lengthMs: number): number {
  const days = COMPARED.find(({ value }) => value === compared)?.days ?? 0;
  return days === 0 ? lengthMs : days * DAY_MS;
}

/** Names the span that the chart compares with. `isPast`: the shown span does not end now. */
export function comparedText(compared: Compared, lengthMs: number, isPast: boolean): string {
  if (compared === 'before') return timeBefore(lengthMs);
  if (compared === 'week') return isPast ? 'the same time the week before' : 'the same time last week';
  return isPast ? 'the same time the day before' : 'the same time yesterday';
}

/** Sums of a span and of an earlier span of the same length. */
export interface Comparison {
  readonly now: Sums;
  /** Sums of the earlier span; null if its data is incomplete. */
  readonly before: Sums | null;
  readonly lengthMs: number;
  /** Name of the earlier span: 'the previous minute'. */
  readonly than: string;
}

/** Compares a span with the preceding one. Returns null if the data of the span is incomplete. */
export function compare(past: PastView, { fromMs, toMs }: TimeSpan): Comparison | null {
  const lengthMs = toMs - fromMs;
  const now = past.sums({ fromMs, toMs });
  if (now === null) return null;
  return { now, before: past.sums({ fromMs: fromMs - lengthMs, toMs: fromMs }), lengthMs, than: timeBefore(lengthMs) };
}

const ONE: Readonly<Record<string, string>> = { '1 s': 'second', '1 min': 'minute', '1 h': 'hour', '1 d': 'day' };

/** Returns the name of the preceding span: 'the previous 15 min', 'the previous minute'. */
export function timeBefore(lengthMs: number): string {
  const span = spanText(lengthMs);
  return `the previous ${ONE[span] ?? span}`;
}

/** Returns the change: '+38 % vs the previous 15 min'; '' if there is nothing to compare with. */
export function changeText({ now, before, than }: Comparison, column: 'packets' | 'bytes'): string {
  if (before === null) return '';
  const [a, b] = [now[column], before[column]];
  if (b === 0) return a === 0 ? `none, same as ${than}` : `none in ${than}`;
  const times = a / b;
  if (times >= 10) return `${Math.round(times)}× ${than}`;
  const percent = Math.round((times - 1) * 100);
  if (percent === 0) return `same as ${than}`;
  return `${percent > 0 ? '+' : '−'}${Math.abs(percent)} % vs ${than}`;
}
