import type { TimeSpan } from '../../node/past/past.ts';
import { midnight } from '../../text/calendar-text.ts';

const UNITS = { s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const AGO = /^-?\s*(\d+)\s*(s|min|m|h|d)(?:\s+ago)?$/;
const DAY = /^(today|yesterday|(\d{4})-(\d{1,2})-(\d{1,2}))$/;
const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?$/;

/** What may be typed, for hints. */
export const TIME_EXAMPLES = ['21:03', '21:03-21:10', 'yesterday 21:03', '2026-11-29 21:03:10', 'yesterday', '-2h'];

interface Moment {
  readonly fromMs: number;
  /** End of the time that the text names: of the day, the minute, or ten seconds. */
  readonly toMs: number;
  /** Local midnight of its day. */
  readonly dayMs: number;
  readonly hasDay: boolean;
}

/**
 * Reads a time or a range that a person typed, in local time; null if it is none, or lies in the future. A time of day
 * without a day is the latest one that has passed. `-2h` is the time from then until now.
 */
export function readTime(text: string, atMs: number): TimeSpan | null {
  const nowMs = Math.floor(atMs / 1000) * 1000;
  const typed = text.trim().toLowerCase().replaceAll(/[–—]/g, '-');
  const ago = AGO.exec(typed);
  if (ago !== null && (typed.startsWith('-') || typed.endsWith('ago'))) {
    const lengthMs = Number(ago[1]) * UNITS[ago[2] as keyof typeof UNITS];
    return lengthMs > 0 && lengthMs < nowMs ? { fromMs: nowMs - lengthMs, toMs: nowMs } : null;
  }
  const span = readRange(typed, nowMs);
  if (span === null || span.fromMs >= nowMs || span.toMs <= span.fromMs) return null;
  return { fromMs: span.fromMs, toMs: Math.min(span.toMs, nowMs) };
}

function readRange(typed: string, nowMs: number): TimeSpan | null {
  const whole = readMoment(typed, null, nowMs);
  if (whole !== null) return whole;
  for (const separator of [' to ', ' - ', '-']) {
    const at = typed.lastIndexOf(separator);
    if (at < 0) continue;
    const from = readMoment(typed.slice(0, at).trim(), null, nowMs);
    if (from === null) continue;
    const end = readMoment(typed.slice(at + separator.length).trim(), from.dayMs, nowMs);
    if (end === null) return null;
    // "to yesterday" includes the day; "to 21:10" ends then. "23:50-00:10" ends on the next day.
    const toMs = end.toMs - end.fromMs > UNITS.h ? end.toMs : end.fromMs;
    return { fromMs: from.fromMs, toMs: toMs <= from.fromMs && !end.hasDay ? nextDay(toMs) : toMs };
  }
  return null;
}

/** The same time of the next day. */
function nextDay(ms: number): number {
  return midnight(ms, 1) + (ms - midnight(ms));
}

/** Reads one time. `dayMs`: the day of a time without one; null for the latest that has passed. */
function readMoment(text: string, dayMs: number | null, nowMs: number): Moment | null {
  if (text === 'now') return { fromMs: nowMs, toMs: nowMs, dayMs: midnight(nowMs), hasDay: true };
  const parts = text.replace(/(\d)t(\d)/, '$1 $2').split(/\s+/);
  const [first = '', second] = parts;
  const day = readDay(first, nowMs);
  if (parts.length > (day === null ? 1 : 2)) return null;
  if (day !== null && second === undefined) return { fromMs: day, toMs: midnight(day, 1), dayMs: day, hasDay: true };
  const clock = readClock(day === null ? first : (second ?? ''));
  if (clock === null) return null;
  const base = day ?? dayMs ?? midnight(nowMs);
  const on = day === null && dayMs === null && clock.at(base) > nowMs ? midnight(nowMs, -1) : base;
  const fromMs = clock.at(on);
  return { fromMs, toMs: fromMs + clock.lengthMs, dayMs: on, hasDay: day !== null };
}

function readDay(text: string, nowMs: number): number | null {
  const found = DAY.exec(text);
  if (found === null) return null;
  if (text === 'today') return midnight(nowMs);
  if (text === 'yesterday') return midnight(nowMs, -1);
  const [year, month, day] = [Number(found[2]), Number(found[3]), Number(found[4])];
  const date = new Date(year, month - 1, day);
  return date.getMonth() === month - 1 && date.getDate() === day ? date.getTime() : null;
}

/** Reads a time of day: a function that gives it on a day, and how long the named time is. */
function readClock(text: string): { at: (dayMs: number) => number; lengthMs: number } | null {
  const found = CLOCK.exec(text);
  if (found === null) return null;
  const [hours, minutes, seconds] = [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)];
  if (hours > 23 || minutes > 59 || seconds > 59) return null;
  const millis = Number((found[4] ?? '').padEnd(3, '0'));
  const at = (dayMs: number) => {
    const day = new Date(dayMs);
    return new Date(day.getFullYear(), day.getMonth(), day.getDate(), hours, minutes, seconds, millis).getTime();
  };
  return { at, lengthMs: found[3] === undefined ? 60_000 : 10_000 };
}
