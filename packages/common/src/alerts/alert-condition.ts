/** The condition of an alert as plain data, and its text (docs/alerts.md). */

/** Measured in units per second. */
export const ALERT_RATES = ['packets', 'bytes', 'denied', 'would_deny', 'lost', 'ring loss', 'new sources'] as const;
export type AlertRate = (typeof ALERT_RATES)[number];

/** Rates that can be limited to the packets of a filter. */
export const FILTERED_RATES = ['packets', 'bytes', 'denied', 'would_deny'] as const satisfies readonly AlertRate[];
export type FilteredRate = (typeof FILTERED_RATES)[number];

/** Can also be compared as a share of the packets, in percent. */
export const ALERT_SHARES = ['denied', 'would_deny'] as const satisfies readonly AlertRate[];
export type AlertShare = (typeof ALERT_SHARES)[number];

/** Hold or do not hold. */
export const ALERT_STATES = [
  'recorder stopped',
  'rules alarm',
  'interface missing',
  // Before `ban`, with which it begins.
  'ban limit',
  'ban',
  'would-ban',
] as const;
export type AlertState = (typeof ALERT_STATES)[number];

export interface RateCondition {
  readonly kind: 'rate';
  readonly measure: AlertRate;
  /** Text of a filter that parses; absent: all packets. Only with a rate of FILTERED_RATES. */
  readonly matching?: string;
  readonly comparison: '>' | '<';
  /** Per second. */
  readonly threshold: number;
  /** How long it must hold before the alert fires; 0: the first second. */
  readonly for_ms: number;
}

/** More than this share of the packets of a second. */
export interface ShareCondition {
  readonly kind: 'share';
  readonly measure: AlertShare;
  /** Less than 100. */
  readonly percent: number;
  readonly for_ms: number;
}

/** Less than this share of a file system is free. */
export interface DiskCondition {
  readonly kind: 'disk';
  readonly percent: number;
  readonly for_ms: number;
}

export interface StateCondition {
  readonly kind: 'state';
  readonly state: AlertState;
  readonly for_ms: number;
}

export type AlertCondition = RateCondition | ShareCondition | DiskCondition | StateCondition;

const SECOND_MS = 1000;
const UNITS = [
  ['h', 3600 * SECOND_MS],
  ['m', 60 * SECOND_MS],
  ['s', SECOND_MS],
] as const;

/** Returns the text that `parseAlertCondition` reads as this condition. */
export function alertConditionText(condition: AlertCondition): string {
  const time = condition.for_ms === 0 ? '' : ` for ${lengthText(condition.for_ms)}`;
  if (condition.kind === 'disk') return `disk < ${condition.percent}%${time}`;
  if (condition.kind === 'share') return `${condition.measure} > ${condition.percent}%${time}`;
  if (condition.kind === 'state') return `${condition.state}${time}`;
  const { measure, matching, comparison, threshold } = condition;
  const packets = matching === undefined ? '' : ` matching ${JSON.stringify(matching)}`;
  return `${measure}${packets} ${comparison} ${threshold}/s${time}`;
}

/** Writes whole seconds as `parseDuration` reads them: 90 s are `1m30s`. */
function lengthText(milliseconds: number): string {
  let rest = milliseconds;
  let text = '';
  for (const [unit, size] of UNITS) {
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    if (whole > 0) text += `${whole}${unit}`;
  }
  return text;
}
