/** Parses and formats how long a rule lasts. */
import { RuleValueError } from './rule-value-error.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Ten years: a longer duration is probably the wrong unit, and dates stay well formed. */
const MAX_DURATION_MS = 3650 * DAY;

const DURATION = /^(?=\d)(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,7})m)?(?:(\d{1,9})s)?$/;

/**
 * Parses `30s`, `15m`, `1h`, `7d` or `1h30m` to milliseconds: days, hours, minutes, seconds, in this order.
 * @throws RuleValueError for anything else, an empty text, and more than ten years.
 */
export function parseDuration(text: string): number {
  const [match, days = 0, hours = 0, minutes = 0, seconds = 0] = DURATION.exec(text) ?? [];
  if (match === undefined) throw new RuleValueError(text, 'is not a duration: write 30s, 15m, 1h, 7d or 1h30m');
  const total = Number(days) * DAY + Number(hours) * HOUR + Number(minutes) * MINUTE + Number(seconds) * SECOND;
  if (total === 0) throw new RuleValueError(text, 'is zero: write 30s, 15m, 1h, 7d or 1h30m');
  if (total > MAX_DURATION_MS)
    throw new RuleValueError(text, 'is more than ten years: omit it for a rule that does not expire');
  return total;
}

const UNITS = [
  ['d', DAY],
  ['h', HOUR],
  ['min', MINUTE],
  ['s', SECOND],
] as const;

/** Formats the largest unit and the next: `59 min`, `1 h 30 min`, `7 d`; `0 s` below one second. */
export function formatDuration(milliseconds: number): string {
  const largest = UNITS.findIndex(([, size]) => milliseconds >= size);
  if (largest < 0) return '0 s';
  let rest = milliseconds;
  const parts: string[] = [];
  for (const [name, size] of UNITS.slice(largest, largest + 2)) {
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    if (whole > 0) parts.push(`${whole} ${name}`);
  }
  return parts.join(' ');
}
