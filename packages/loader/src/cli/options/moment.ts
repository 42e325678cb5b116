/** Parses times of the past for `--from` and `--to`. */
import { parseDuration, RuleValueError } from '@packetlog/common';
import { InvalidArgumentError } from 'commander';

const ADVICE =
  'Write a time such as 21:30 (the last time it was), 2026-05-01, "2026-05-01 21:30:05.25", 2026-05-01T21:30Z, -90m (before now), or now. Without a zone, times are local.';
const NS_PER_MS = 1_000_000n;
const DAY_MS = 86_400_000;

/** Returns ns since the Unix epoch. @throws InvalidArgumentError */
export function moment(text: string, nowMs = Date.now()): bigint {
  const ns = text.startsWith('-') ? before(text.slice(1), nowMs) : (clockTime(text, nowMs) ?? calendarTime(text));
  if (text === 'now') return BigInt(nowMs) * NS_PER_MS;
  if (ns === undefined || ns < 0n) throw new InvalidArgumentError(ADVICE);
  return ns;
}

function before(duration: string, nowMs: number): bigint | undefined {
  try {
    return BigInt(nowMs - parseDuration(duration)) * NS_PER_MS;
  } catch (error) {
    if (error instanceof RuleValueError) return undefined;
    throw error;
  }
}

const FRACTION = String.raw`(?:\.(\d{1,9}))?`;
const CLOCK = new RegExp(String.raw`^(\d{2}:\d{2}(?::\d{2})?)${FRACTION}$`);
const CALENDAR = new RegExp(
  String.raw`^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)${FRACTION})?(Z|[+-]\d{2}:\d{2})?$`,
);

/** The latest such local time that is not in the future. */
function clockTime(text: string, nowMs: number): bigint | undefined {
  const today = clockTimeOn(text, nowMs);
  return today === undefined || today <= BigInt(nowMs) * NS_PER_MS ? today : clockTimeOn(text, nowMs - DAY_MS);
}

/** Returns the next such local time after `ns`; undefined if the text is no time of day. */
export function clockTimeAfter(text: string, ns: bigint): bigint | undefined {
  const ms = Number(ns / NS_PER_MS);
  const sameDay = clockTimeOn(text, ms);
  return sameDay === undefined || sameDay > ns ? sameDay : clockTimeOn(text, ms + DAY_MS);
}

/** `dayMs`: any time of the local day. */
function clockTimeOn(text: string, dayMs: number): bigint | undefined {
  const [, clock, fraction = ''] = CLOCK.exec(text) ?? [];
  if (clock === undefined) return undefined;
  const day = new Date(dayMs);
  const date = [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, '0'));
  return nsOf(Date.parse(`${date.join('-')}T${clock}`), fraction);
}

function calendarTime(text: string): bigint | undefined {
  const [, date, clock = '00:00', fraction = '', zone = ''] = CALENDAR.exec(text) ?? [];
  return date === undefined ? undefined : nsOf(Date.parse(`${date}T${clock}${zone}`), fraction);
}

/** `fraction`: digits of a fraction of a second. */
function nsOf(ms: number, fraction: string): bigint | undefined {
  return Number.isNaN(ms) ? undefined : BigInt(ms) * NS_PER_MS + BigInt(fraction.padEnd(9, '0'));
}
