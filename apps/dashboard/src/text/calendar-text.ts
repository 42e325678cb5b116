import { clockMillisText, clockMinuteText, clockText } from './clock.ts';

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

const DAY_MS = 86_400_000;

/** Returns midnight before the time, `days` days later, in local time. */
export function midnight(ms: number, days = 0): number {
  const date = new Date(ms);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime();
}

/** Formats the local day of a time: 'Sat 28 Nov'. */
export function dateText(ms: number): string {
  const date = new Date(ms);
  return `${WEEKDAYS[date.getDay()]} ${date.getDate()} ${MONTHS[date.getMonth()]}`;
}

/** Formats the local day of a time for a narrow column: '28 Nov'. */
export function shortDateText(ms: number): string {
  return dateText(ms).slice(dateText(ms).indexOf(' ') + 1);
}

/** Formats a time in a range of this length: '14:03:22', or 'Sat 28 Nov 14:03' if it is longer than a day. */
export function timeInRangeText(ms: number, rangeMs: number): string {
  return rangeMs > DAY_MS ? `${dateText(ms)} ${clockMinuteText(ms)}` : clockText(ms);
}

/** Names the local day of a time: 'today', 'yesterday', 'Sat 28 Nov', with the year if it is another one. */
export function dayText(ms: number, nowMs: number): string {
  const day = midnight(ms);
  if (day === midnight(nowMs)) return 'today';
  if (day === midnight(nowMs, -1)) return 'yesterday';
  const year = new Date(ms).getFullYear();
  return year === new Date(nowMs).getFullYear() ? dateText(ms) : `${dateText(ms)} ${year}`;
}

/** Formats a time: 'today 21:03', 'Sat 28 Nov 21:03'. */
export function momentText(ms: number, nowMs: number): string {
  return `${dayText(ms, nowMs)} ${clockMinuteText(ms)}`;
}

/** Formats a range: '21:03:10 to 21:04:00 yesterday', 'yesterday 23:50:00 to today 00:10:00'. */
export function rangeText({ fromMs, toMs }: { fromMs: number; toMs: number }, nowMs: number): string {
  const isExact = fromMs % 1000 !== 0 || toMs % 1000 !== 0;
  const clock = isExact ? clockMillisText : clockText;
  const [from, to] = [dayText(fromMs, nowMs), dayText(toMs, nowMs)];
  if (from === to) return `${clock(fromMs)} to ${clock(toMs)} ${from}`;
  // Whole days end at midnight of the next.
  if (toMs === midnight(fromMs, 1) && fromMs === midnight(fromMs)) return `all of ${from}`;
  return `${from} ${clock(fromMs)} to ${to} ${clock(toMs)}`;
}
