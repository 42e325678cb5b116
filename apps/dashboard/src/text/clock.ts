const two = (n: number): string => (n < 10 ? `0${n}` : String(n));

/** Formats the local time of day: '14:03:22'. */
export function clockText(ms: number): string {
  const date = new Date(ms);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/**
 * Formats the local time of day with milliseconds: '14:03:22.118'. Truncated, so that no packet is shown later than it
 * was.
 */
export function clockMillisText(ms: number): string {
  const whole = Math.floor(ms);
  return `${clockText(whole)}.${String(((whole % 1000) + 1000) % 1000).padStart(3, '0')}`;
}

/** Formats the local time of day without seconds: '14:03'. */
export function clockMinuteText(ms: number): string {
  return clockText(ms).slice(0, 5);
}

/** Formats an age: '0.4 s', '12 s', '3 min 5 s', '2 h 10 min', '4 d 3 h'. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  return spanText(ms);
}

/**
 * Formats a time ago: '12 s ago'. At least 1 s, in whole seconds: tenths would flicker in text that is drawn once a
 * second.
 */
export function agoText(ms: number): string {
  return `${spanText(Math.max(1000, ms))} ago`;
}

/** Formats a duration in whole seconds: '12 s', '3 min 5 s'. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return pair(seconds, 60, 'min', 's');
  if (seconds < 86_400) return pair(Math.floor(seconds / 60), 60, 'h', 'min');
  return pair(Math.floor(seconds / 3600), 24, 'd', 'h');
}

function pair(amount: number, base: number, large: string, small: string): string {
  const rest = amount % base;
  return rest === 0 ? `${amount / base} ${large}` : `${Math.floor(amount / base)} ${large} ${rest} ${small}`;
}
