/** The steps of time in which rates are answered. */
import type { PastRatesRequest } from './past-requests.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  ...[SECOND, 5 * SECOND, 10 * SECOND, 30 * SECOND],
  ...[MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY],
];

/** Returns the shortest step with at most `maxSteps` steps in the range; beyond a day, as many days as needed. */
export function stepFor({ from_ms, to_ms, max_steps }: Pick<PastRatesRequest, 'from_ms' | 'to_ms' | 'max_steps'>): {
  stepMs: number;
  count: number;
} {
  const countOf = (stepMs: number) => Math.ceil(to_ms / stepMs) - Math.floor(from_ms / stepMs);
  let stepMs = STEPS.find((each) => countOf(each) <= max_steps) ?? DAY;
  while (countOf(stepMs) > max_steps) stepMs += DAY * Math.max(1, Math.floor(stepMs / DAY / 8));
  return { stepMs, count: countOf(stepMs) };
}
