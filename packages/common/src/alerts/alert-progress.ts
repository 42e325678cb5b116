/** Decides when an alert fires and when it is resolved. Pure: values and the clock are given. */
import type { AlertCondition } from './alert-condition.ts';

/** The value must return this far towards normal before an alert is resolved: to 80 % of an upper threshold. */
const RESOLVED_SHARE = 0.8;
/** An alert that fires at once is not resolved at once. */
const MIN_RESOLVE_MS = 10_000;
/** After a pause of the evaluation this long, a time that was being waited for begins again: nothing was seen in it. */
const PAUSE_MS = 5000;

export interface AlertProgress {
  readonly isFiring: boolean;
  /** Since when the value has asked for the other state; undefined: it does not. By the clock of `nowMs`. */
  readonly sinceMs?: number;
  /** The last evaluation. */
  readonly atMs: number;
}

export interface EvaluatedAlert {
  readonly progress: AlertProgress;
  /** What has just happened. */
  readonly event?: 'fired' | 'resolved';
}

/**
 * Evaluates a condition. `value`: per second, or percent, or 1 and 0 for a state that holds or not; undefined: unknown,
 * which neither fires nor resolves. `nowMs`: a clock that is never set, in ms.
 */
export function evaluateAlert(
  condition: AlertCondition,
  value: number | undefined,
  before: AlertProgress,
  nowMs: number,
): EvaluatedAlert {
  const { isFiring } = before;
  const wantsChange = value !== undefined && (isFiring ? isNormal(condition, value) : exceeds(condition, value));
  if (!wantsChange) return { progress: { isFiring, atMs: nowMs } };
  const paused = nowMs - before.atMs > PAUSE_MS;
  const sinceMs = before.sinceMs === undefined || paused ? nowMs : before.sinceMs;
  const waitMs = isFiring ? Math.max(condition.for_ms, MIN_RESOLVE_MS) : condition.for_ms;
  if (nowMs - sinceMs < waitMs) return { progress: { isFiring, sinceMs, atMs: nowMs } };
  return { progress: { isFiring: !isFiring, atMs: nowMs }, event: isFiring ? 'resolved' : 'fired' };
}

function exceeds(condition: AlertCondition, value: number): boolean {
  if (condition.kind === 'state') return value > 0;
  if (condition.kind === 'disk') return value < condition.percent;
  if (condition.kind === 'share') return value > condition.percent;
  return condition.comparison === '>' ? value > condition.threshold : value < condition.threshold;
}

function isNormal(condition: AlertCondition, value: number): boolean {
  if (condition.kind === 'state') return value === 0;
  if (condition.kind === 'disk') return value >= condition.percent / RESOLVED_SHARE;
  if (condition.kind === 'share') return value <= condition.percent * RESOLVED_SHARE;
  const { comparison, threshold } = condition;
  return comparison === '>' ? value <= threshold * RESOLVED_SHARE : value >= threshold / RESOLVED_SHARE;
}
