import type { PastView, TimeSpan } from '../../node/past/past.ts';
import type { Sums } from '../../node/past/past-level.ts';
import { spanText } from '../../text/clock.ts';

/** Sums of a span and of the preceding span of the same length. */
export interface Comparison {
  readonly now: Sums;
  /** Sums of the preceding span; null if its data is incomplete. */
  readonly before: Sums | null;
  readonly lengthMs: number;
}

/** Compares a span with the preceding one. Returns null if the data of the span is incomplete. */
export function compare(past: PastView, { fromMs, toMs }: TimeSpan): Comparison | null {
  const lengthMs = toMs - fromMs;
  const now = past.sums({ fromMs, toMs });
  if (now === null) return null;
  return { now, before: past.sums({ fromMs: fromMs - lengthMs, toMs: fromMs }), lengthMs };
}

const ONE: Readonly<Record<string, string>> = { '1 s': 'second', '1 min': 'minute', '1 h': 'hour', '1 d': 'day' };

/** Returns the name of the preceding span: 'the previous 15 min', 'the previous minute'. */
export function timeBefore(lengthMs: number): string {
  const span = spanText(lengthMs);
  return `the previous ${ONE[span] ?? span}`;
}

/** Returns the change: '+38 % vs the previous 15 min'; '' if there is nothing to compare with. */
export function changeText({ now, before, lengthMs }: Comparison, column: 'packets' | 'bytes'): string {
  if (before === null) return '';
  const than = timeBefore(lengthMs);
  const [a, b] = [now[column], before[column]];
  if (b === 0) return a === 0 ? `none, same as ${than}` : `none in ${than}`;
  const times = a / b;
  if (times >= 10) return `${Math.round(times)}× ${than}`;
  const percent = Math.round((times - 1) * 100);
  if (percent === 0) return `same as ${than}`;
  return `${percent > 0 ? '+' : '−'}${Math.abs(percent)} % vs ${than}`;
}
