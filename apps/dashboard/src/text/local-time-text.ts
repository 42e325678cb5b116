import { clockMillisText } from './clock.ts';

/** Formats a time in the browser's time zone: 'local time 14:03:22.118 (UTC+1)'. */
export function localTimeText(ms: number): string {
  return `local time ${clockMillisText(ms)} (${zoneText(-new Date(ms).getTimezoneOffset())})`;
}

/** Names the time zone this many minutes east of Greenwich: 'UTC', 'UTC+1', 'UTC-3:30'. */
export function zoneText(minutes: number): string {
  if (minutes === 0) return 'UTC';
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `UTC${minutes < 0 ? '-' : '+'}${hours}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}`;
}
