import type { TimeSpan } from '../../node/past/past.ts';

/** Returns the range before (-1) or after (1) of the same length, not beyond now; null if there is none. */
export function steppedRange({ fromMs, toMs }: TimeSpan, step: -1 | 1, nowMs: number): TimeSpan | null {
  const lengthMs = toMs - fromMs;
  const end = Math.min(toMs + step * lengthMs, nowMs);
  return step === 1 && end <= toMs ? null : { fromMs: end - lengthMs, toMs: end };
}

/** Returns a range three times as long with the same middle, not beyond now. */
export function widerRange({ fromMs, toMs }: TimeSpan, nowMs: number): TimeSpan {
  const lengthMs = toMs - fromMs;
  const end = Math.min(toMs + lengthMs, nowMs);
  return { fromMs: Math.max(0, end - 3 * lengthMs), toMs: end };
}
